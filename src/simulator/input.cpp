#include "simulator/input.hpp"

#include <utility>

namespace ccapi::simulator {

namespace {

namespace dom = simdjson::dom;

std::optional<dom::object> object_of(dom::object from, std::string_view key) {
  dom::object found;
  if (from.at_key(key).get(found) != simdjson::SUCCESS)
    return std::nullopt;
  return found;
}

std::string text_of(dom::object from, std::string_view key) {
  std::string_view found;
  if (from.at_key(key).get(found) != simdjson::SUCCESS)
    return {};
  return std::string{found};
}

/// The strings of an array, or the one string that stands in its place.
std::vector<std::string> texts_of(dom::object from, std::string_view key) {
  dom::element found;
  if (from.at_key(key).get(found) != simdjson::SUCCESS)
    return {};
  std::string_view text;
  if (found.get(text) == simdjson::SUCCESS)
    return {std::string{text}};
  std::vector<std::string> texts;
  dom::array entries;
  if (found.get(entries) == simdjson::SUCCESS)
    for (const auto entry : entries)
      if (entry.get(text) == simdjson::SUCCESS)
        texts.emplace_back(text);
  return texts;
}

/// The text blocks of a message's content, joined.
std::string content_of(dom::object message) {
  std::string joined = text_of(message, "content");
  dom::array blocks;
  if (message.at_key("content").get(blocks) == simdjson::SUCCESS)
    for (const auto block : blocks)
      if (dom::object fields; block.get(fields) == simdjson::SUCCESS)
        joined += text_of(fields, "text");
  return joined;
}

domain::error refused(std::string why) {
  return {.code = domain::error_code::invalid_request, .message = std::move(why)};
}

} // namespace

domain::result<input> input_reader::read(std::string_view line) {
  std::string text{line};
  const auto parsed = lines_.parse(text);
  if (!parsed)
    return parsed.error();
  dom::object fields;
  if (parsed->get(fields) != simdjson::SUCCESS)
    return refused("the line is no object");
  const auto type = text_of(fields, "type");
  if (type == "control_request")
    return read_control(fields);
  if (type != "user" && type != "assistant")
    return input{ignored{}};
  const auto message = object_of(fields, "message");
  if (!message)
    return refused("the line has no message");
  if (type == "assistant")
    return input{assistant_said{content_of(*message)}};
  bool query = true;
  if (fields.at_key("shouldQuery").get(query) != simdjson::SUCCESS)
    query = true;
  return input{user_said{text_of(fields, "uuid"), content_of(*message), query}};
}

domain::result<input> input_reader::read_control(dom::object line) {
  const auto request = object_of(line, "request");
  if (!request)
    return refused("the control request has no request");
  control_call call{.request_id = text_of(line, "request_id"),
                    .subtype = text_of(*request, "subtype"),
                    .target_uuid = text_of(*request, "target_message_uuid"),
                    .system_prompt = {},
                    .limits = {}};
  for (const auto& part : texts_of(*request, "systemPrompt"))
    call.system_prompt.append(call.system_prompt.empty() ? "" : "\n\n").append(part);
  if (const auto settings = object_of(*request, "settings"))
    if (const auto variables = object_of(*settings, "env"))
      if (std::string_view body;
          variables->at_key("CLAUDE_CODE_EXTRA_BODY").get(body) == simdjson::SUCCESS)
        call.limits = read_limits(body);
  return input{std::move(call)};
}

answer_limits input_reader::read_limits(std::string_view extra_body) {
  answer_limits limits;
  std::string text{extra_body};
  const auto parsed = bodies_.parse(text);
  dom::object body;
  if (!parsed || parsed->get(body) != simdjson::SUCCESS)
    return limits; // "" takes back what was set
  limits.stop = texts_of(body, "stop_sequences");
  if (std::int64_t most = 0; body.at_key("max_tokens").get(most) == simdjson::SUCCESS && most > 0)
    limits.max_tokens = most;
  return limits;
}

} // namespace ccapi::simulator
