#pragma once
// fetch: a picture's bytes from where they lie. Blocks; for threads that may.

#include "domain/result.hpp"
#include "media/source.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

namespace ccapi::media {

/// How the web is asked.
struct web_access {
  std::chrono::milliseconds connect_timeout{3'000};
  std::string ca_file{}; ///< in place of the system's certificates; empty: those
  std::string user_agent{};
};

/// What one fetch keeps to.
struct fetch_bounds {
  std::size_t bytes_max = 0;
  std::chrono::steady_clock::time_point deadline;
  const std::atomic<bool>& given_up; ///< nobody wants it any more
};

/// What lies there. Fails with invalid_request: `message` is the same for all that is not there,
/// can't be reached, or may not be; `detail` tells more. As source_of, else.
domain::result<std::string> fetch(const picture_source& wanted, const source_rules& rules,
                                  const web_access& access, const fetch_bounds& bounds);

} // namespace ccapi::media
