#include "openai/models.hpp"

#include "json/writer.hpp"

#include <cstdint>

namespace ccapi::openai {

namespace {

/// 2025-01-01T00:00:00Z. The CLI doesn't tell when a model was made, and clients that cache the
/// list want a value that stays.
constexpr std::int64_t created = 1735689600;

void append_model(std::string& out, std::string_view name) {
  out += R"({"id":)";
  json::append_string(out, name);
  out += R"(,"object":"model","created":)";
  json::append_integer(out, created);
  out += R"(,"owned_by":"anthropic"})";
}

} // namespace

std::string model_list_body(const domain::model_catalog& models) {
  std::string body = R"({"object":"list","data":[)";
  bool first = true;
  for (const auto& name : models.listed()) {
    if (!first)
      body += ',';
    first = false;
    append_model(body, name);
  }
  body += "]}";
  return body;
}

std::string model_body(std::string_view name) {
  std::string body;
  append_model(body, name);
  return body;
}

} // namespace ccapi::openai
