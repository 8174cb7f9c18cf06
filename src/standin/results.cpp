// How turns end, well or not, and the answers to control requests.

#include "json/writer.hpp"
#include "standin/lines.hpp"

namespace ccapi::standin {

namespace {

constexpr std::string_view success = R"("type":"result","subtype":"success","is_error":false)";
constexpr std::string_view failure = R"("type":"result","subtype":"success","is_error":true)";
constexpr std::string_view broken_off =
  R"("type":"result","subtype":"error_during_execution","is_error":true)";

void append_status(std::string& out, int status) {
  if (status == 0)
    out += "null";
  else
    json::append_integer(out, std::int64_t{status});
}

std::string_view word_for(int status) {
  return status == 429 ? "rate_limit" : status == 529 ? "overloaded" : "unknown";
}

} // namespace

void line_writer::open_result(std::string& out, std::string_view kind, const token_usage& usage) {
  out += '{';
  if (!newer_) { // which put their type among the last keys
    out += kind;
    out += ',';
  }
  out += R"("duration_api_ms":1,"duration_ms":2,"total_cost_usd":)";
  out += std::to_string(who_.call_cost * calls_);
  out += R"(,"usage":)";
  append_usage(out, usage);
}

void line_writer::close_result(std::string& out, std::string_view kind) {
  if (newer_) {
    out += ',';
    out += kind;
  }
  tail(out);
}

void line_writer::interrupted_calls(std::string& out, const token_usage& usage) {
  user_note(out, "[Request interrupted by user for tool use]");
  open_result(out, broken_off, usage);
  out += R"(,"num_turns":)";
  json::append_integer(out, std::int64_t{2 + results_});
  out += R"(,"stop_reason":"tool_use","permission_denials":[],)"
         R"("terminal_reason":"aborted_tools","errors":["[ede_diagnostic] )";
  out += who_.maker;
  out += "\"]";
  close_result(out, broken_off);
}

void line_writer::result(std::string& out, std::string_view text, std::string_view stop_reason,
                         const token_usage& usage, int calls) {
  calls_ += calls;
  open_result(out, success, usage);
  out += R"(,"api_error_status":null,"num_turns":)";
  json::append_integer(out, std::int64_t{calls > 0 ? 1 + results_ : 0});
  out += R"(,"result":)";
  json::append_bytes(out, text);
  out += R"(,"stop_reason":)";
  json::append_string_or_null(out, stop_reason);
  out += R"(,"permission_denials":[],"terminal_reason":"completed")";
  close_result(out, success);
}

void line_writer::error_result(std::string& out, int status, std::string_view text,
                               std::string_view stop_reason) {
  open_result(out, failure, {});
  out += R"(,"api_error_status":)";
  append_status(out, status);
  out += R"(,"num_turns":1,"result":)";
  json::append_bytes(out, text);
  out += R"(,"stop_reason":)";
  json::append_string(out, stop_reason);
  out += R"(,"permission_denials":[],"terminal_reason":)";
  out += newer_ ? R"("api_error")" : R"("completed")";
  close_result(out, failure);
}

void line_writer::interrupted(std::string& out, const open_answer& where,
                              std::string_view stop_reason) {
  if (where.unspoken && !where.text.empty())
    assistant(out, block::text, where.text);
  user_note(out, "[Request interrupted by user]");
  if (where.message && newer_) {
    if (where.block)
      block_stop(out, where.index);
    message_delta(out, {}, {}, where.output_tokens);
    message_stop(out);
  }
  open_result(out, broken_off, where.finished);
  out += R"(,"num_turns":)";
  json::append_integer(out, std::int64_t{2 + results_});
  out += R"(,"stop_reason":)";
  json::append_string_or_null(out, stop_reason);
  out += R"(,"permission_denials":[],"terminal_reason":"aborted_streaming",)"
         R"("errors":["[ede_diagnostic] )";
  out += who_.maker;
  out += "\"]";
  close_result(out, broken_off);
}

void line_writer::api_retry(std::string& out, int attempt, int status, std::int64_t delay_ms) {
  out += R"({"type":"system","subtype":"api_retry","attempt":)";
  json::append_integer(out, std::int64_t{attempt});
  out += R"(,"max_retries":2,"retry_delay_ms":)";
  json::append_integer(out, delay_ms);
  out += R"(,"error_status":)";
  append_status(out, status);
  out += R"(,"error":")";
  out += word_for(status);
  out += '"';
  tail(out);
}

void line_writer::refusal_note(std::string& out) {
  out += R"({"type":"system","subtype":"model_refusal_no_fallback")";
  tail(out);
}

void line_writer::rate_limit(std::string& out, std::string_view status, std::string_view type,
                             std::int64_t resets_at, std::int64_t utilization) {
  out += R"({"type":"rate_limit_event","rate_limit_info":{"status":)";
  json::append_string(out, status);
  out += R"(,"resetsAt":)";
  json::append_integer(out, resets_at);
  out += R"(,"rateLimitType":)";
  json::append_string(out, type);
  out += R"(,"utilization":)";
  json::append_millionths(out, utilization * 10'000);
  out += R"(,"isUsingOverage":false})";
  tail(out);
}

void line_writer::control_success(std::string& out, std::string_view request_id,
                                  std::string_view response) {
  out += R"({"type":"control_response","response":{"subtype":"success","request_id":)";
  json::append_string(out, request_id);
  if (!response.empty()) {
    out += R"(,"response":)";
    out += response;
  }
  out += "}}\n";
}

void line_writer::control_error(std::string& out, std::string_view request_id,
                                std::string_view text) {
  out += R"({"type":"control_response","response":{"subtype":"error","request_id":)";
  json::append_string(out, request_id);
  out += R"(,"error":)";
  json::append_string(out, text);
  out += "}}\n";
}

} // namespace ccapi::standin
