#pragma once
// The one table from failures to status codes.

#include "domain/error.hpp"
#include "observe/log.hpp"

namespace ccapi::http {

struct error_row {
  unsigned status;          ///< HTTP status
  bool retryable;           ///< whether the same request may succeed a little later
  observe::log_level level; ///< of the access log's line
};

/// Complete by construction (a switch without default). Pure.
error_row row_for(domain::error_code code) noexcept;

} // namespace ccapi::http
