#include "dialect/public_error.hpp"

namespace ccapi::dialect {

namespace {

struct error_name {
  error_kind kind;
  std::string_view code;
};

/// Complete by construction (a switch without default).
error_name name_of(domain::error_code code) noexcept {
  using domain::error_code;
  switch (code) {
  case error_code::invalid_request:
    return {error_kind::invalid_request, ""};
  case error_code::unsupported_parameter:
    return {error_kind::invalid_request, "unsupported_parameter"};
  case error_code::model_not_found:
    return {error_kind::invalid_request, "model_not_found"};
  case error_code::context_length_exceeded:
    return {error_kind::invalid_request, "context_length_exceeded"};
  case error_code::request_too_large:
    return {error_kind::invalid_request, "request_too_large"};
  case error_code::not_found:
    return {error_kind::not_found, ""};
  case error_code::upstream_auth:
    return {error_kind::authentication, "upstream_auth"};
  case error_code::rate_limited:
    return {error_kind::rate_limit, "rate_limit_exceeded"};
  case error_code::insufficient_quota:
    return {error_kind::quota, "insufficient_quota"};
  case error_code::overloaded:
    return {error_kind::unavailable, "overloaded"};
  case error_code::refused:
    return {error_kind::invalid_request, "content_filter"};
  case error_code::cli_unavailable:
    return {error_kind::unavailable, "cli_unavailable"};
  case error_code::server_busy:
    return {error_kind::unavailable, "server_busy"};
  case error_code::conversation_busy:
    return {error_kind::invalid_request, "conversation_busy"};
  case error_code::store_unavailable:
    return {error_kind::unavailable, "store_unavailable"};
  case error_code::draining:
    return {error_kind::unavailable, "draining"};
  case error_code::timeout:
    return {error_kind::timeout, "timeout"};
  case error_code::upstream_crash:
    return {error_kind::upstream, "upstream_crash"};
  case error_code::upstream_error:
    return {error_kind::upstream, "upstream_error"};
  case error_code::invalid_structured_output:
    return {error_kind::upstream, "invalid_structured_output"};
  case error_code::tool_choice_not_honoured:
    return {error_kind::upstream, "tool_choice_not_honoured"};
  case error_code::cancelled:
    return {error_kind::internal, "cancelled"};
  case error_code::internal:
    return {error_kind::internal, ""};
  }
  return {error_kind::internal, ""};
}

} // namespace

public_error public_form_of(const domain::error& failure) noexcept {
  const auto name = name_of(failure.code);
  return {.kind = name.kind, .code = name.code, .message = failure.message, .param = failure.param};
}

} // namespace ccapi::dialect
