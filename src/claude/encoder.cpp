#include "claude/encoder.hpp"

#include "domain/turn/tools.hpp"
#include "json/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
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

/// As the Messages API has them.
struct block_writer {
  std::string& out;

  void operator()(const domain::text_block& block) const {
    out += R"({"type":"text","text":)";
    json::append_string(out, block.text);
    out += '}';
  }
  void operator()(const domain::image_block& block) const {
    out += R"({"type":"image","source":{"type":"base64","media_type":)";
    json::append_string(out, block.media_type);
    out += R"(,"data":)";
    json::append_string(out, *block.base64);
    out += "}}";
  }
  void operator()(const domain::tool_use_block& block) const {
    out += R"({"type":"tool_use","id":)";
    json::append_string(out, block.id);
    out += R"(,"name":)";
    json::append_string(out, domain::api_tool_name(block.name));
    out += R"(,"input":)";
    json::append_json(out, block.arguments);
    out += '}';
  }
  void operator()(const domain::tool_result_block& block) const {
    out += R"({"type":"tool_result","tool_use_id":)";
    json::append_string(out, block.call_id);
    out += R"(,"content":[)";
    const char* separator = "";
    for (const auto& part : block.parts) {
      out += std::exchange(separator, ",");
      std::visit(*this, part);
    }
    if (block.is_error && block.parts.empty()) // the API takes no empty error
      (*this)(domain::text_block{"error"});
    out += block.is_error ? R"(],"is_error":true})" : "]}";
  }
};

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

void append_number(std::string& out, double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

/// As the value of a member "thinking". The CLI clears old thoughts by an edit that the API refuses
/// where thinking is off (measured: the CLI sends it all the same), so that goes as well.
void append_thinking(std::string& body, const domain::turn_settings& settings) {
  using mode = domain::turn_settings::thinking_mode;
  constexpr std::string_view no_edits = R"(,"context_management":{"edits":[]})";
  switch (settings.thinking) {
  case mode::as_usual:
    return;
  case mode::disabled:
    body.append(R"({"type":"disabled"})").append(no_edits);
    return;
  case mode::between_tools:
    body.append(R"({"type":"between_tools"})").append(no_edits);
    return;
  case mode::budget:
    body += R"({"type":"enabled","budget_tokens":)";
    json::append_integer(body, settings.thinking_tokens);
    body += '}';
  }
}

/// The members of the API's request body that a client may set; empty if it sets none.
std::string extra_body(const domain::turn_settings& settings) {
  std::string body;
  const auto member = [&body](std::string_view name) -> std::string& {
    body += body.empty() ? '{' : ',';
    json::append_string(body, name);
    return body += ':';
  };
  // JSON has no word for what is not finite.
  if (settings.temperature && std::isfinite(*settings.temperature))
    append_number(member("temperature"), *settings.temperature);
  if (settings.top_p && std::isfinite(*settings.top_p))
    append_number(member("top_p"), *settings.top_p);
  if (!settings.stop.empty()) {
    member("stop_sequences");
    char separator = '[';
    for (const auto& stop : settings.stop) {
      body += separator;
      json::append_string(body, stop);
      separator = ',';
    }
    body += ']';
  }
  if (settings.max_tokens)
    json::append_integer(member("max_tokens"), *settings.max_tokens);
  if (settings.thinking != domain::turn_settings::thinking_mode::as_usual)
    append_thinking(member("thinking"), settings);
  if (!body.empty())
    body += '}';
  return body;
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
                    const domain::turn_settings& settings) {
  open_control(out, request_id, "apply_flag_settings");
  out += R"(,"settings":{"env":{"CLAUDE_CODE_EXTRA_BODY":)";
  json::append_string(out, extra_body(settings)); // JSON inside a JSON string; "" resets
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
