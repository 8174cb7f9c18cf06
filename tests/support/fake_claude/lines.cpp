#include "lines.hpp"

#include "ledger.hpp"

#include <array>
#include <cstdio>

namespace fake_claude {

namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

/// Ends a name whose large window is wanted; the API does not see it.
constexpr std::string_view million = "[1m]";

/// What an alias becomes, per version.
std::string resolved(std::string_view model, bool newer) {
  if (model.ends_with(million))
    return resolved(model.substr(0, model.size() - million.size()), newer) + std::string{million};
  if (model == "opus")
    return newer ? "claude-opus-5-5" : "claude-opus-4-8";
  if (model == "sonnet")
    return newer ? "claude-sonnet-5-5" : "claude-sonnet-5";
  if (model == "haiku")
    return newer ? "claude-haiku-5-5" : "claude-haiku-4-5-20251001";
  return std::string{model};
}

} // namespace

line_writer::line_writer(std::string version, bool newer, std::string_view model,
                         std::string session_id)
  : version_{std::move(version)},
    newer_{newer},
    model_{resolved(model, newer)},
    session_id_{std::move(session_id)} {}

std::string_view line_writer::model_upstream() const noexcept {
  std::string_view model{model_};
  if (model.ends_with(million))
    model.remove_suffix(million.size());
  return model;
}

void line_writer::change_model(std::string_view model) {
  model_ = resolved(model, newer_);
}

std::string line_writer::uuid() {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "00000000-0000-4000-8000-%012llx",
                static_cast<unsigned long long>(++serial_));
  return text.data();
}

void line_writer::tail(std::string& out) {
  out += R"(,"session_id":")";
  out += session_id_;
  out += R"(","uuid":")";
  out += uuid();
  out += "\"}\n";
}

void line_writer::event(std::string& out, std::string_view inner) {
  out += R"({"type":"stream_event","event":)";
  out += inner;
  out += R"(,"parent_tool_use_id":null)";
  tail(out);
}

void line_writer::init(std::string& out) {
  out += R"({"type":"system","subtype":"init","cwd":"/","tools":[],"mcp_servers":[],"model":)";
  append_json_string(out, model_);
  out += R"(,"permissionMode":"default","slash_commands":["cost"],)"
         R"("apiKeySource":"ANTHROPIC_API_KEY","claude_code_version":")";
  out += version_;
  out += R"(","output_style":"default","agents":[],"skills":[],"plugins":[])";
  tail(out);
}

void line_writer::status(std::string& out) {
  out += R"({"type":"system","subtype":"status","status":"requesting")";
  tail(out);
}

void line_writer::message_start(std::string& out) {
  message_id_ = "msg_fake" + uuid();
  call_usage usage;
  usage.output = 1;
  event(out, R"({"type":"message_start","message":{"id":")" + message_id_
               + R"(","type":"message","role":"assistant","model":)" + quoted(model_)
               + R"(,"content":[],"stop_reason":null,"stop_sequence":null,"usage":)"
               + usage_json(usage, 1) + "}}");
}

void line_writer::block_start(std::string& out, int index, bool thinking) {
  event(out, R"({"type":"content_block_start","index":)" + std::to_string(index)
               + R"(,"content_block":)"
               + (thinking ? R"({"type":"thinking","thinking":"","signature":""})"
                           : R"({"type":"text","text":""})")
               + "}");
}

void line_writer::delta(std::string& out, int index, std::string_view kind, std::string_view text) {
  out += R"({"type":"stream_event","event":{"type":"content_block_delta","index":)";
  out += std::to_string(index);
  out += R"(,"delta":{"type":")";
  out += kind;
  out += R"(_delta",")";
  out += kind;
  out += "\":";
  append_json_string(out, text);
  out += R"(}},"parent_tool_use_id":null)";
  tail(out);
}

void line_writer::assistant(std::string& out, bool thinking, std::string_view text) {
  call_usage usage;
  usage.output = 1;
  out += R"({"type":"assistant","message":{"id":")" + message_id_
         + R"(","type":"message","role":"assistant","model":)" + quoted(model_) + R"(,"content":[)";
  out += thinking ? R"({"type":"thinking","thinking":)" : R"({"type":"text","text":)";
  append_json_string(out, text);
  out += thinking ? R"(,"signature":"c2ln"})" : "}";
  out += R"(],"stop_reason":null,"stop_sequence":null,"usage":)" + usage_json(usage, 1)
         + R"(},"parent_tool_use_id":null)";
  tail(out);
}

void line_writer::synthetic(std::string& out, std::string_view text, std::string_view stop_reason) {
  out += R"({"type":"assistant","message":{"id":")" + uuid()
         + R"(","type":"message","role":"assistant","model":"<synthetic>","content":[)"
         + R"({"type":"text","text":)" + quoted(text) + R"(}],"stop_reason":)" + quoted(stop_reason)
         + R"(,"stop_sequence":"","usage":)" + usage_json({}, 0)
         + R"(},"parent_tool_use_id":null,"error":"unknown")";
  tail(out);
}

void line_writer::block_stop(std::string& out, int index) {
  event(out, R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}");
}

void line_writer::message_delta(std::string& out, std::string_view stop_reason) {
  event(out, R"({"type":"message_delta","delta":{"stop_reason":)"
               + (stop_reason.empty() ? "null" : quoted(stop_reason))
               + R"(,"stop_sequence":null},"usage":{"output_tokens":)"
               + std::to_string(call_usage{}.output) + "}}");
}

void line_writer::message_stop(std::string& out) {
  event(out, R"({"type":"message_stop"})");
}

void line_writer::user_note(std::string& out, std::string_view text) {
  out += R"({"type":"user","message":{"role":"user","content":[{"type":"text","text":)"
         + quoted(text) + R"(}]},"parent_tool_use_id":null)";
  tail(out);
}

void line_writer::api_retry(std::string& out, int attempt, int status, std::int64_t delay_ms) {
  out += R"({"type":"system","subtype":"api_retry","attempt":)" + std::to_string(attempt)
         + R"(,"max_retries":2,"retry_delay_ms":)" + std::to_string(delay_ms)
         + R"(,"error_status":)" + (status == 0 ? "null" : std::to_string(status)) + R"(,"error":")"
         + (status == 429   ? "rate_limit"
            : status == 529 ? "overloaded"
                            : "unknown")
         + '"';
  tail(out);
}

void line_writer::refusal_note(std::string& out) {
  out += R"({"type":"system","subtype":"model_refusal_no_fallback")";
  tail(out);
}

std::string line_writer::usage_json(const call_usage& usage, int calls) {
  return R"({"input_tokens":)" + std::to_string(usage.input * calls)
         + R"(,"cache_creation_input_tokens":)" + std::to_string(usage.cache_write * calls)
         + R"(,"cache_read_input_tokens":)" + std::to_string(usage.cache_read * calls)
         + R"(,"output_tokens":)" + std::to_string(usage.output * calls)
         + R"(,"service_tier":"standard"})";
}

void line_writer::result_line(std::string& out, std::string_view head, std::string_view rest,
                              int calls) {
  calls_total_ += calls;
  out += '{';
  if (!newer_) {
    out += R"("type":"result",)";
    out += head;
    out += ',';
  }
  out += R"("duration_api_ms":1,"duration_ms":2,"total_cost_usd":)"
         + std::to_string(0.001 * calls_total_) + R"(,"usage":)" + usage_json({}, calls) + ',';
  out += rest;
  // Newer versions put the type among the last keys.
  if (newer_) {
    out += R"(,"type":"result",)";
    out += head;
  }
  tail(out);
}

void line_writer::result(std::string& out, std::string_view text, std::string_view stop_reason,
                         int calls) {
  result_line(out, R"("subtype":"success","is_error":false)",
              R"("api_error_status":null,"num_turns":)" + std::to_string(calls > 0 ? 1 : 0)
                + R"(,"result":)" + quoted(text) + R"(,"stop_reason":)"
                + (stop_reason.empty() ? "null" : quoted(stop_reason))
                + R"(,"permission_denials":[],"terminal_reason":"completed")",
              calls);
}

void line_writer::error_result(std::string& out, int status, std::string_view text,
                               std::string_view stop_reason) {
  result_line(out, R"("subtype":"success","is_error":true)",
              R"("api_error_status":)" + (status == 0 ? "null" : std::to_string(status))
                + R"(,"num_turns":1,"result":)" + quoted(text) + R"(,"stop_reason":)"
                + quoted(stop_reason) + R"(,"permission_denials":[],"terminal_reason":)"
                + (newer_ ? R"("api_error")" : R"("completed")"),
              0);
}

void line_writer::interrupted_result(std::string& out, std::string_view stop_reason) {
  result_line(out, R"("subtype":"error_during_execution","is_error":true)",
              R"("num_turns":2,"stop_reason":)"
                + (stop_reason.empty() ? "null" : quoted(stop_reason))
                + R"(,"permission_denials":[],"terminal_reason":"aborted_streaming",)"
                + R"("errors":["[ede_diagnostic] fake"])",
              0);
}

void line_writer::control_success(std::string& out, std::string_view request_id,
                                  std::string_view response) {
  out += R"({"type":"control_response","response":{"subtype":"success","request_id":)"
         + quoted(request_id);
  if (!response.empty()) {
    out += R"(,"response":)";
    out += response;
  }
  out += "}}\n";
}

void line_writer::control_error(std::string& out, std::string_view request_id,
                                std::string_view text) {
  out += R"({"type":"control_response","response":{"subtype":"error","request_id":)"
         + quoted(request_id) + R"(,"error":)" + quoted(text) + "}}\n";
}

void line_writer::unknown(std::string& out) {
  out += R"({"type":"a_type_of_tomorrow","payload":{"type":"stream_event"})";
  tail(out);
  out += R"({"type":"system","subtype":"a_note_of_tomorrow")";
  tail(out);
}

void line_writer::lifecycle(std::string& out, std::string_view command_uuid,
                            std::string_view state) {
  if (!newer_ || command_uuid.empty())
    return;
  out += R"({"type":"command_lifecycle","command_uuid":)" + quoted(command_uuid) + R"(,"state":)"
         + quoted(state);
  tail(out);
}

void line_writer::ui_invalidate(std::string& out) {
  out += R"({"type":"system","subtype":"ui_invalidate","event":"ui.render")";
  tail(out);
}

} // namespace fake_claude
