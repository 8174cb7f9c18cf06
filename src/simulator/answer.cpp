#include "simulator/answer.hpp"

#include "domain/utf8_character.hpp"
#include "json/reader.hpp"
#include "simulator/example.hpp"

#include <algorithm>

namespace ccapi::simulator {

namespace {

constexpr std::size_t question_bytes_max = 400;
constexpr std::size_t beginning_bytes_max = 120;

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string{noun} + (count == 1 ? "" : "s");
}

std::string memory_text(const std::vector<standin::spoken>& known) {
  if (known.size() <= 1)
    return "This conversation knows 1 message, the one above.";
  const auto of_users = static_cast<std::size_t>(std::count_if(
    known.begin(), known.end(), [](const standin::spoken& each) { return each.from_user; }));
  return "This conversation knows " + counted(known.size(), "message") + ": "
         + std::to_string(of_users) + " of yours and " + counted(known.size() - of_users, "answer")
         + ". It began with: \"" + excerpt(known.front().text(), beginning_bytes_max) + "\"";
}

} // namespace

std::string excerpt(std::string_view text, std::size_t bytes_max) {
  auto end = std::min(text.size(), bytes_max);
  while (end > 0 && end < text.size() && domain::continues_character(text[end]))
    --end;
  std::string shown{text.substr(0, end)};
  for (char& each : shown)
    if (static_cast<unsigned char>(each) < 0x20)
      each = ' ';
  return end < text.size() ? shown + "…" : shown;
}

std::string answer_text(std::string_view question, const std::vector<standin::spoken>& known,
                        std::size_t system_prompt_bytes) {
  std::string text = "[demo] No Claude was asked: the simulator inside claude-code-api gives this "
                     "canned answer.\n\nYou wrote: \"";
  text += excerpt(question, question_bytes_max);
  text += "\"\n\n";
  text += memory_text(known);
  if (system_prompt_bytes > 0)
    text += " Its system prompt has " + counted(system_prompt_bytes, "byte") + '.';
  text += "\n\nFor real answers install the Claude Code CLI, log in, and start the gateway without "
          "--demo.";
  return text;
}

std::optional<std::string> answer_in_form(std::string extra_body) {
  json::reader reader{{}};
  const auto parsed = reader.parse(extra_body);
  simdjson::dom::object schema;
  if (!parsed
      || parsed->at_pointer("/output_config/format/schema").get(schema) != simdjson::SUCCESS)
    return std::nullopt;
  return example_of(schema);
}

answer_limits read_limits(std::string extra_body) {
  answer_limits limits;
  json::reader reader{{}};
  const auto parsed = reader.parse(extra_body);
  simdjson::dom::object body;
  if (!parsed || parsed->get(body) != simdjson::SUCCESS)
    return limits;
  std::string_view text;
  simdjson::dom::array stops;
  if (body.at_key("stop_sequences").get(text) == simdjson::SUCCESS)
    limits.stop.emplace_back(text);
  else if (body.at_key("stop_sequences").get(stops) == simdjson::SUCCESS)
    for (const auto stop : stops)
      if (stop.get(text) == simdjson::SUCCESS)
        limits.stop.emplace_back(text);
  if (std::int64_t most = 0; body.at_key("max_tokens").get(most) == simdjson::SUCCESS && most > 0)
    limits.max_tokens = most;
  return limits;
}

answer cut(std::string_view text, const answer_limits& limits) {
  answer made{.deltas = {}, .stop_reason = "end_turn", .stop_sequence = {}};
  for (const auto& stop : limits.stop) {
    const auto at = stop.empty() ? std::string_view::npos : text.find(stop);
    if (at == std::string_view::npos)
      continue;
    text = text.substr(0, at);
    made.stop_reason = "stop_sequence";
    made.stop_sequence = stop;
  }
  while (!text.empty()) {
    if (limits.max_tokens && static_cast<std::int64_t>(made.deltas.size()) >= *limits.max_tokens) {
      made.stop_reason = "max_tokens";
      made.stop_sequence.clear();
      break;
    }
    constexpr std::string_view spaces = " \n";
    const auto word_end = std::min(text.find_first_of(spaces), text.size());
    const auto end = std::min(text.find_first_not_of(spaces, word_end), text.size());
    made.deltas.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return made;
}

std::int64_t tokens_of(std::size_t bytes) noexcept {
  return static_cast<std::int64_t>((bytes + 3) / 4);
}

} // namespace ccapi::simulator
