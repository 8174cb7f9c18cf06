#include "http/answers/error_table.hpp"

namespace ccapi::http {

error_row row_for(domain::error_code code) noexcept {
  using domain::error_code;
  using observe::log_level;
  switch (code) {
  case error_code::invalid_request:
    return {400, false, log_level::info};
  case error_code::unsupported_parameter:
    return {400, false, log_level::info};
  case error_code::model_not_found:
    return {404, false, log_level::info};
  case error_code::context_length_exceeded:
    return {400, false, log_level::info};
  case error_code::request_too_large:
    return {413, false, log_level::info};
  case error_code::not_found:
    return {404, false, log_level::info};
  case error_code::upstream_auth:
    return {401, false, log_level::warning};
  case error_code::rate_limited:
    return {429, true, log_level::warning};
  case error_code::insufficient_quota:
    return {429, false, log_level::warning};
  case error_code::overloaded:
    return {503, true, log_level::warning};
  case error_code::refused:
    return {400, false, log_level::info};
  case error_code::cli_unavailable:
    return {503, true, log_level::warning};
  case error_code::server_busy:
    return {503, true, log_level::warning};
  case error_code::conversation_busy:
    return {409, true, log_level::info};
  case error_code::store_unavailable:
    return {503, true, log_level::warning};
  case error_code::draining:
    return {503, true, log_level::info};
  case error_code::timeout:
    return {504, true, log_level::warning};
  case error_code::upstream_crash:
    return {502, true, log_level::warning};
  case error_code::upstream_error:
    return {502, true, log_level::warning};
  case error_code::invalid_structured_output:
  case error_code::tool_choice_not_honoured:
    return {502, true, log_level::info};
  case error_code::cancelled:
    return {499, false, log_level::info};
  case error_code::internal:
    return {500, true, log_level::error};
  }
  return {500, false, log_level::error};
}

} // namespace ccapi::http
