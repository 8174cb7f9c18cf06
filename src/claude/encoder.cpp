#include "claude/encoder.hpp"

#include "claude/block_writer.hpp"
#include "claude/request_body.hpp"
#include "json/writer.hpp"

#include <utility>
#include <variant>

namespace ccapi::claude {

namespace {

void open_control(std::string& out, std::string_view request_id, std::string_view subtype) {
  out += R"({"type":"control_request","request_id":)";
  json::append_string(out, request_id);
  out += R"(,"request":{"subtype":)";
  json::append_string(out, subtype);
}

void close_control(std::string& out) {
  out += "}}";
}

void append_user(std::string& out, std::string_view uuid, const domain::message& said, bool query) {
  constexpr std::size_t around = 256; // more than stands around the text of one block
  out.reserve(out.size() + around + domain::heap_bytes(said));
  out += R"({"type":"user","uuid":)";
  json::append_string(out, uuid);
  if (!query)
    out += R"(,"shouldQuery":false)";
  out += R"(,"message":{"role":"user","content":[)";
  for (const auto& block : said.content) {
    std::visit(block_writer{out}, block);
    out += ',';
  }
  out += R"({"type":"text","text":""}]}})";
}

} // namespace

void user_line(std::string& out, std::string_view uuid, const domain::message& said) {
  append_user(out, uuid, said, true);
}

void seed_user_line(std::string& out, std::string_view uuid, const domain::message& said) {
  append_user(out, uuid, said, false);
}

void seed_assistant_line(std::string& out, std::string_view uuid, std::string_view message_id,
                         const domain::message& said) {
  out += R"({"type":"assistant","uuid":)";
  json::append_string(out, uuid);
  out += R"(,"parent_tool_use_id":null,"session_id":"","message":{"id":)";
  json::append_string(out, message_id);
  // The model's name never reaches the API, but some versions need the key.
  out += R"(,"type":"message","role":"assistant","model":"seeded","content":[)";
  const char* separator = "";
  for (const auto& block : said.content) {
    out += std::exchange(separator, ",");
    std::visit(block_writer{out}, block);
  }
  out += "]}}";
}

void initialize(std::string& out, std::string_view request_id, std::string_view system_prompt) {
  open_control(out, request_id, "initialize");
  if (!system_prompt.empty()) {
    out += R"(,"systemPrompt":[)";
    json::append_string(out, system_prompt);
    out += ']';
  }
  close_control(out);
}

void apply_settings(std::string& out, std::string_view request_id,
                    const domain::turn_settings& settings, bool tools_declared) {
  open_control(out, request_id, "apply_flag_settings");
  out += R"(,"settings":{"env":{"CLAUDE_CODE_EXTRA_BODY":)";
  json::append_string(
    out, request_body(settings, tools_declared)); // JSON inside a JSON string; "" resets
  // Not by the extra body: models of the newest generation are told the effort once more by a
  // message among the dialogue, which only this setting reaches (measured).
  out += R"(},"effortLevel":)";
  if (settings.effort)
    json::append_string(out, to_string(*settings.effort));
  else
    out += "null";
  out += '}';
  close_control(out);
}

void set_tool_server(std::string& out, std::string_view request_id, std::string_view server) {
  open_control(out, request_id, "mcp_set_servers");
  out += R"(,"servers":{)";
  json::append_string(out, server);
  out += R"(:{"type":"sdk","name":)";
  json::append_string(out, server);
  out += "}}";
  close_control(out);
}

void interrupt(std::string& out, std::string_view request_id) {
  open_control(out, request_id, "interrupt");
  close_control(out);
}

void get_binary_version(std::string& out, std::string_view request_id) {
  open_control(out, request_id, "get_binary_version");
  close_control(out);
}

void list_models(std::string& out, std::string_view request_id) {
  open_control(out, request_id, "list_models");
  close_control(out);
}

void rewind_conversation(std::string& out, std::string_view request_id,
                         std::string_view target_uuid) {
  open_control(out, request_id, "rewind_conversation");
  out += R"(,"target_message_uuid":)";
  json::append_string(out, target_uuid);
  close_control(out);
}

void end_session(std::string& out, std::string_view request_id) {
  open_control(out, request_id, "end_session");
  close_control(out);
}

void deny(std::string& out, const control_request& request, std::string_view reason) {
  const bool tool = request.subtype == "can_use_tool";
  out += R"({"type":"control_response","response":{"subtype":)";
  out += tool ? R"("success")" : R"("error")";
  out += R"(,"request_id":)";
  json::append_string(out, request.request_id);
  out += tool ? R"(,"response":{"behavior":"deny","message":)" : R"(,"error":)";
  json::append_string(out, reason);
  out += tool ? "}}}" : "}}";
}

} // namespace ccapi::claude
