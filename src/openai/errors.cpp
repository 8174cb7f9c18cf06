#include "openai/errors.hpp"

#include "json/writer.hpp"

namespace ccapi::openai {

std::string_view error_type_of(dialect::error_kind kind) noexcept {
  using dialect::error_kind;
  switch (kind) {
  case error_kind::invalid_request:
    return "invalid_request_error";
  case error_kind::authentication:
    return "authentication_error";
  case error_kind::permission:
    return "permission_error";
  case error_kind::not_found:
    return "not_found_error";
  case error_kind::rate_limit:
    return "rate_limit_error";
  case error_kind::quota:
    return "insufficient_quota";
  case error_kind::unavailable:
    return "service_unavailable";
  case error_kind::timeout:
    return "timeout_error";
  case error_kind::upstream:
    return "claude_process_error";
  case error_kind::internal:
    return "internal_error";
  }
  return "internal_error";
}

std::string error_body(const dialect::public_error& what) {
  std::string body = R"({"error":{"message":)";
  json::append_string(body, what.message);
  body += R"(,"type":)";
  json::append_string(body, error_type_of(what.kind));
  body += R"(,"param":)";
  json::append_string_or_null(body, what.param);
  body += R"(,"code":)";
  json::append_string_or_null(body, what.code);
  body += "}}";
  return body;
}

} // namespace ccapi::openai
