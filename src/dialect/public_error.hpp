#pragma once
// public_error: what a client learns of a failure, before a dialect has put it into its form.

#include "domain/error.hpp"

#include <cstdint>
#include <string_view>

namespace ccapi::dialect {

/// What kind of failure it is; each dialect has a word for each.
enum class error_kind : std::uint8_t {
  invalid_request,
  authentication, ///< of the client here, or of the gateway upstream
  permission,
  not_found,
  rate_limit,
  quota,       ///< the account has no credit left
  unavailable, ///< a later request may find room
  timeout,
  upstream, ///< the CLI or the API behind it failed
  internal
};

/// Views of what is sent at once.
struct public_error {
  error_kind kind = error_kind::internal;
  std::string_view code{}; ///< the gateway's own word for the very failure; may be empty
  std::string_view message{};
  std::string_view param{}; ///< the path of the field at fault; may be empty
};

/// `detail` stays out of it. The views are the failure's. Pure.
public_error public_form_of(const domain::error& failure) noexcept;

} // namespace ccapi::dialect
