#include "simulator/lines.hpp"

#include "domain/ids.hpp"
#include "json/writer.hpp"
#include "simulator/simulator.hpp"

namespace ccapi::simulator {

namespace {

std::string quoted(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string quoted_or_null(std::string_view text) {
  return text.empty() ? "null" : quoted(text);
}

std::string usage_json(const token_usage& usage) {
  return R"({"input_tokens":)" + std::to_string(usage.input)
         + R"(,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":)"
         + std::to_string(usage.output) + '}';
}

/// The members of a message that are the same in all its lines.
std::string message_head(const std::string& id) {
  return R"({"id":)" + quoted(id) + R"(,"type":"message","role":"assistant","model":)"
         + quoted(model_name);
}

} // namespace

line_writer::line_writer()
  : session_id_{domain::random_uuid()} {}

void line_writer::tail(std::string& out) const {
  out += R"(,"session_id":")";
  out += session_id_;
  out += R"(","uuid":")";
  out += domain::random_uuid();
  out += "\"}\n";
}

void line_writer::event(std::string& out, std::string_view inner) const {
  out += R"({"type":"stream_event","event":)";
  out += inner;
  out += R"(,"parent_tool_use_id":null)";
  tail(out);
}

void line_writer::init(std::string& out) const {
  out += R"({"type":"system","subtype":"init","tools":[],"mcp_servers":[],"model":)";
  out += quoted(model_name);
  out += R"(,"permissionMode":"default","apiKeySource":"none","claude_code_version":)";
  out += quoted(dialect_version);
  tail(out);
}

void line_writer::status(std::string& out) const {
  out += R"({"type":"system","subtype":"status","status":"requesting")";
  tail(out);
}

void line_writer::message_start(std::string& out, std::int64_t input_tokens) {
  message_id_ = "msg_demo_" + domain::random_hex_128();
  event(out, R"({"type":"message_start","message":)" + message_head(message_id_)
               + R"(,"content":[],"stop_reason":null,"stop_sequence":null,"usage":)"
               + usage_json({input_tokens, 1}) + "}}");
}

void line_writer::block_start(std::string& out) const {
  event(out,
        R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})");
}

void line_writer::delta(std::string& out, std::string_view text) const {
  out += R"({"type":"stream_event","event":{"type":"content_block_delta","index":0,)"
         R"("delta":{"type":"text_delta","text":)";
  json::append_string(out, text);
  out += R"(}},"parent_tool_use_id":null)";
  tail(out);
}

void line_writer::assistant(std::string& out, std::string_view text,
                            std::int64_t input_tokens) const {
  out += R"({"type":"assistant","message":)" + message_head(message_id_)
         + R"(,"content":[{"type":"text","text":)";
  json::append_string(out, text);
  out += R"(}],"stop_reason":null,"stop_sequence":null,"usage":)" + usage_json({input_tokens, 1})
         + R"(},"parent_tool_use_id":null)";
  tail(out);
}

void line_writer::block_stop(std::string& out) const {
  event(out, R"({"type":"content_block_stop","index":0})");
}

void line_writer::message_delta(std::string& out, std::string_view stop_reason,
                                std::string_view stop_sequence, std::int64_t output_tokens) const {
  event(out, R"({"type":"message_delta","delta":{"stop_reason":)" + quoted_or_null(stop_reason)
               + R"(,"stop_sequence":)" + quoted_or_null(stop_sequence)
               + R"(},"usage":{"output_tokens":)" + std::to_string(output_tokens) + "}}");
}

void line_writer::message_stop(std::string& out) const {
  event(out, R"({"type":"message_stop"})");
}

void line_writer::result(std::string& out, std::string_view text, std::string_view stop_reason,
                         token_usage usage) const {
  out += R"({"type":"result","subtype":"success","is_error":false,"api_error_status":null,)"
         R"("total_cost_usd":0,"num_turns":)";
  out += stop_reason.empty() ? '0' : '1';
  out += R"(,"result":)" + quoted(text) + R"(,"stop_reason":)" + quoted_or_null(stop_reason)
         + R"(,"usage":)" + usage_json(usage)
         + R"(,"permission_denials":[],"terminal_reason":"completed")";
  tail(out);
}

void line_writer::interrupted_note(std::string& out) const {
  out += R"({"type":"user","message":{"role":"user","content":[{"type":"text",)"
         R"("text":"[Request interrupted by user]"}]},"parent_tool_use_id":null)";
  tail(out);
}

void line_writer::interrupted_result(std::string& out) const {
  out += R"({"type":"result","subtype":"error_during_execution","is_error":true,)"
         R"("total_cost_usd":0,"num_turns":1,"stop_reason":null,"usage":)";
  out += usage_json({}) + R"(,"terminal_reason":"aborted_streaming","errors":["interrupted"])";
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

} // namespace ccapi::simulator
