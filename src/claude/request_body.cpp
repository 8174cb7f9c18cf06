#include "claude/request_body.hpp"

#include "json/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

namespace ccapi::claude {

namespace {

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

/// As the Messages API has it.
void append_tool(std::string& body, const domain::tool& tool) {
  body += R"({"name":)";
  json::append_string(body, tool.api_name);
  if (!tool.description.empty()) {
    body += R"(,"description":)";
    json::append_string(body, tool.description);
  }
  body += R"(,"input_schema":)";
  json::append_json(body, tool.input_schema);
  body += tool.strict ? R"(,"strict":true})" : "}";
}

void append_tools(std::string& body, const domain::tool_list& tools) {
  body += '[';
  const char* separator = "";
  for (const auto& each : tools) {
    body += std::exchange(separator, ",");
    append_tool(body, each);
  }
  body += ']';
}

void append_tool_choice(std::string& body, const domain::tool_choice& choice) {
  switch (choice.demand) {
  case domain::tool_demand::automatic:
    body += R"({"type":"auto")";
    break;
  case domain::tool_demand::any:
    body += R"({"type":"any")";
    break;
  case domain::tool_demand::named:
    body += R"({"type":"tool","name":)";
    json::append_string(body, choice.api_name);
    break;
  }
  body += choice.parallel ? "}" : R"(,"disable_parallel_tool_use":true})";
}

} // namespace

std::string request_body(const domain::turn_settings& settings, bool tools_declared) {
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
  if (!settings.tools.empty() || tools_declared)
    append_tools(member("tools"), settings.tools);
  if (!settings.tools.empty() && !(settings.tool_choice == domain::tool_choice{}))
    append_tool_choice(member("tool_choice"), settings.tool_choice);
  if (!settings.schema.empty()) // the CLI merges this one with its own, where the effort is
    member("output_config")
      .append(R"({"format":{"type":"json_schema","schema":)")
      .append(settings.schema.text())
      .append("}}");
  if (!body.empty())
    body += '}';
  return body;
}

} // namespace ccapi::claude
