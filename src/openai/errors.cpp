#include "openai/errors.hpp"

#include "json/writer.hpp"

namespace ccapi::openai {

error_words words_for(domain::error_code code) noexcept {
  using domain::error_code;
  switch (code) {
  case error_code::invalid_request:
    return {"invalid_request_error", ""};
  case error_code::unsupported_parameter:
    return {"invalid_request_error", "unsupported_parameter"};
  case error_code::model_not_found:
    return {"invalid_request_error", "model_not_found"};
  case error_code::context_length_exceeded:
    return {"invalid_request_error", "context_length_exceeded"};
  case error_code::request_too_large:
    return {"invalid_request_error", "request_too_large"};
  case error_code::not_found:
    return {"not_found_error", ""};
  case error_code::upstream_auth:
    return {"authentication_error", "upstream_auth"};
  case error_code::rate_limited:
    return {"rate_limit_error", "rate_limit_exceeded"};
  case error_code::insufficient_quota:
    return {"insufficient_quota", "insufficient_quota"};
  case error_code::overloaded:
    return {"service_unavailable", "overloaded"};
  case error_code::refused:
    return {"invalid_request_error", "content_filter"};
  case error_code::cli_unavailable:
    return {"service_unavailable", "cli_unavailable"};
  case error_code::server_busy:
    return {"service_unavailable", "server_busy"};
  case error_code::conversation_busy:
    return {"invalid_request_error", "conversation_busy"};
  case error_code::draining:
    return {"service_unavailable", "draining"};
  case error_code::timeout:
    return {"timeout_error", "timeout"};
  case error_code::upstream_crash:
    return {"claude_process_error", "upstream_crash"};
  case error_code::upstream_error:
    return {"claude_process_error", "upstream_error"};
  case error_code::cancelled:
    return {"internal_error", "cancelled"};
  case error_code::internal:
    return {"internal_error", ""};
  }
  return {"internal_error", ""};
}

std::string error_body(std::string_view message, std::string_view type, std::string_view code,
                       std::string_view param) {
  std::string body = R"({"error":{"message":)";
  json::append_string(body, message);
  body += R"(,"type":)";
  json::append_string(body, type);
  body += R"(,"param":)";
  json::append_string_or_null(body, param);
  body += R"(,"code":)";
  json::append_string_or_null(body, code);
  body += "}}";
  return body;
}

std::string error_body(const domain::error& failure) {
  const auto words = words_for(failure.code);
  return error_body(failure.message, words.type, words.code, failure.param);
}

} // namespace ccapi::openai
