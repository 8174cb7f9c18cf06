#include "domain/error.hpp"

namespace ccapi::domain {

std::string_view to_string(error_code code) noexcept {
  switch (code) {
  case error_code::invalid_request:
    return "invalid_request";
  case error_code::unsupported_parameter:
    return "unsupported_parameter";
  case error_code::model_not_found:
    return "model_not_found";
  case error_code::context_length_exceeded:
    return "context_length_exceeded";
  case error_code::request_too_large:
    return "request_too_large";
  case error_code::not_found:
    return "not_found";
  case error_code::upstream_auth:
    return "upstream_auth";
  case error_code::rate_limited:
    return "rate_limited";
  case error_code::insufficient_quota:
    return "insufficient_quota";
  case error_code::overloaded:
    return "overloaded";
  case error_code::refused:
    return "refused";
  case error_code::cli_unavailable:
    return "cli_unavailable";
  case error_code::server_busy:
    return "server_busy";
  case error_code::conversation_busy:
    return "conversation_busy";
  case error_code::store_unavailable:
    return "store_unavailable";
  case error_code::draining:
    return "draining";
  case error_code::timeout:
    return "timeout";
  case error_code::upstream_crash:
    return "upstream_crash";
  case error_code::upstream_error:
    return "upstream_error";
  case error_code::invalid_structured_output:
    return "invalid_structured_output";
  case error_code::tool_choice_not_honoured:
    return "tool_choice_not_honoured";
  case error_code::cancelled:
    return "cancelled";
  case error_code::internal:
    return "internal";
  }
  return "unknown";
}

} // namespace ccapi::domain
