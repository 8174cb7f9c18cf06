#include "simulator/tool_use.hpp"

#include "json/reader.hpp"
#include "simulator/answer.hpp"
#include "simulator/example.hpp"

#include <utility>

namespace ccapi::simulator {

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t result_bytes_max = 200;

std::string_view text_of(dom::object from, std::string_view key) {
  std::string_view found;
  return from.at_key(key).get(found) == simdjson::SUCCESS ? found : std::string_view{};
}

std::string arguments_for(dom::object tool) {
  dom::object schema;
  if (tool.at_key("input_schema").get(schema) != simdjson::SUCCESS)
    return "{}";
  auto made = example_of(schema);
  return made.starts_with('{') ? made : "{}";
}

/// A result's texts; its content as it stands if it has none.
std::string content_text(std::string content) {
  std::string written = content;
  json::reader reader{{}};
  const auto parsed = reader.parse(content);
  std::string_view text;
  dom::array blocks;
  if (!parsed)
    return written;
  if (parsed->get(text) == simdjson::SUCCESS)
    return std::string{text};
  std::string all;
  if (parsed->get(blocks) == simdjson::SUCCESS)
    for (const auto each : blocks)
      if (dom::object block; each.get(block) == simdjson::SUCCESS)
        all += text_of(block, "text");
  return all.empty() ? written : all;
}

} // namespace

std::optional<wanted_call> call_for(std::string_view question, std::string extra_body) {
  json::reader reader{{}};
  const auto parsed = reader.parse(extra_body);
  dom::object body;
  dom::array tools;
  if (!parsed || parsed->get(body) != simdjson::SUCCESS
      || body.at_key("tools").get(tools) != simdjson::SUCCESS)
    return std::nullopt;
  if (dom::object choice; body.at_key("tool_choice").get(choice) == simdjson::SUCCESS
                          && text_of(choice, "type") == "none")
    return std::nullopt;
  std::optional<dom::object> named_last;
  std::size_t last = 0;
  for (const auto each : tools) {
    dom::object tool;
    if (each.get(tool) != simdjson::SUCCESS)
      continue;
    const auto name = text_of(tool, "name");
    const auto at = name.empty() ? std::string_view::npos : question.rfind(name);
    if (at == std::string_view::npos || (named_last && at < last))
      continue;
    named_last = tool;
    last = at;
  }
  if (!named_last)
    return std::nullopt;
  return wanted_call{std::string{text_of(*named_last, "name")}, arguments_for(*named_last)};
}

std::string results_text(const standin::parts& content) {
  std::string text = "[demo] No Claude was asked: the simulator inside claude-code-api gives this "
                     "canned answer.";
  for (const auto& each : content)
    if (each.what == standin::part::kind::tool_result)
      text += (each.failed ? "\n\nThe tool failed: " : "\n\nThe tool answered: ")
              + excerpt(content_text(each.json), result_bytes_max);
  return text;
}

} // namespace ccapi::simulator
