#include "openai/answer.hpp"

#include "json/writer.hpp"

namespace ccapi::openai {

std::string_view to_string(domain::finish_reason reason, bool legacy_calls) noexcept {
  switch (reason) {
  case domain::finish_reason::stop:
    return "stop";
  case domain::finish_reason::length:
    return "length";
  case domain::finish_reason::content_filter:
    return "content_filter";
  case domain::finish_reason::tool_calls:
    return legacy_calls ? "function_call" : "tool_calls";
  }
  return "stop";
}

void append_usage(std::string& out, const domain::usage& used, bool tells_cost) {
  out += R"({"prompt_tokens":)";
  json::append_integer(out, used.prompt_tokens());
  out += R"(,"completion_tokens":)";
  json::append_integer(out, used.output_tokens);
  out += R"(,"total_tokens":)";
  json::append_integer(out, used.prompt_tokens() + used.output_tokens);
  out += R"(,"prompt_tokens_details":{"cached_tokens":)";
  json::append_integer(out, used.cache_read_tokens);
  out += R"(,"cache_write_tokens":)";
  json::append_integer(out, used.cache_write_tokens);
  out += R"(,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":)";
  json::append_integer(out, used.reasoning_tokens);
  out += R"(,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0})";
  if (tells_cost)
    json::append_millionths(out += R"(,"cost":)", used.cost_micro_usd);
  out += '}';
}

} // namespace ccapi::openai
