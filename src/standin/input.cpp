#include "standin/input.hpp"

#include <cctype>
#include <utility>

namespace ccapi::standin {

namespace {

namespace dom = simdjson::dom;

std::optional<dom::object> object_of(dom::object from, std::string_view key) {
  dom::object found;
  if (from.at_key(key).get(found) != simdjson::SUCCESS)
    return std::nullopt;
  return found;
}

/// Empty if there is none.
std::string_view text_of(dom::object from, std::string_view key) {
  std::string_view found;
  if (from.at_key(key).get(found) != simdjson::SUCCESS)
    return {};
  return found;
}

/// The string at `key`, empty for what is no string; nothing if the key is not there.
std::optional<std::string> given_text(dom::object from, std::string_view key) {
  dom::element found;
  if (from.at_key(key).get(found) != simdjson::SUCCESS)
    return std::nullopt;
  return std::string{text_of(from, key)};
}

/// Strings of an array as paragraphs, or the one string that stands in its place.
std::optional<std::string> given_paragraphs(dom::object from, std::string_view key) {
  auto joined = given_text(from, key);
  dom::array parts;
  if (joined && from.at_key(key).get(parts) == simdjson::SUCCESS)
    for (const auto part : parts)
      if (std::string_view text; part.get(text) == simdjson::SUCCESS)
        joined->append(joined->empty() ? "" : "\n\n").append(text);
  return joined;
}

/// "/cost" is a command; "/usr/bin is" is none.
bool is_command(std::string_view block) {
  if (block.size() < 2 || block[0] != '/'
      || std::isalpha(static_cast<unsigned char>(block[1])) == 0)
    return false;
  return block.substr(1, block.find_first_of(" \n") - 1).find('/') == std::string_view::npos;
}

struct content_text {
  std::string all;
  std::string_view last; ///< block
};

content_text content_of(dom::object message) {
  content_text found;
  found.last = text_of(message, "content");
  found.all = found.last;
  dom::array blocks;
  if (message.at_key("content").get(blocks) == simdjson::SUCCESS)
    for (const auto block : blocks)
      if (dom::object fields;
          block.get(fields) == simdjson::SUCCESS && text_of(fields, "type") == "text") {
        found.last = text_of(fields, "text");
        found.all += found.last;
      }
  return found;
}

domain::error refused(std::string why) {
  return {.code = domain::error_code::invalid_request, .message = std::move(why)};
}

domain::error unreadable(std::string_view line, std::string_view why) {
  constexpr std::size_t shown_max = 200;
  return refused("Error parsing streaming input line: " + std::string{line.substr(0, shown_max)}
                 + ": " + std::string{why});
}

flag_settings settings_of(dom::object request) {
  flag_settings found;
  if (const auto settings = object_of(request, "settings")) {
    found.effort = given_text(*settings, "effortLevel");
    if (const auto variables = object_of(*settings, "env")) {
      found.headers = given_text(*variables, "ANTHROPIC_CUSTOM_HEADERS");
      found.extra_body = given_text(*variables, "CLAUDE_CODE_EXTRA_BODY");
    }
  }
  return found;
}

domain::result<input> control_of(dom::object line) {
  const auto request = object_of(line, "request");
  if (!request)
    return refused("Missing request on control_request");
  return input{control_call{.request_id = std::string{text_of(line, "request_id")},
                            .subtype = std::string{text_of(*request, "subtype")},
                            .target_uuid = std::string{text_of(*request, "target_message_uuid")},
                            .model = std::string{text_of(*request, "model")},
                            .system_prompt = given_paragraphs(*request, "systemPrompt"),
                            .settings = settings_of(*request)}};
}

domain::result<input> message_of(dom::object line, std::string_view type) {
  const auto message = object_of(line, "message");
  std::string uuid{text_of(line, "uuid")};
  if (!message || text_of(*message, "role") != type)
    return refused("Error: " + std::string{type} + " line without a message of that role");
  auto content = content_of(*message);
  if (type == "assistant")
    return input{assistant_line{std::move(uuid), std::move(content.all)}};
  bool query = true;
  if (line.at_key("shouldQuery").get(query) != simdjson::SUCCESS)
    query = true;
  std::string command{is_command(content.last) ? content.last : std::string_view{}};
  return input{user_line{std::move(uuid), std::move(content.all), std::move(command), query}};
}

} // namespace

domain::result<input> input_reader::read(std::string_view line) {
  text_.assign(line);
  const auto parsed = lines_.parse(text_);
  if (!parsed)
    return unreadable(line, parsed.error().message);
  if (text_ != line || line.starts_with('\xef'))
    return unreadable(line, "a lone surrogate, a number out of range or a byte order mark");
  dom::object fields;
  if (parsed->get(fields) != simdjson::SUCCESS)
    return input{other_line{}};
  const auto type = text_of(fields, "type");
  if (type == "control_request")
    return control_of(fields);
  if (type == "user" || type == "assistant")
    return message_of(fields, type);
  return input{other_line{std::string{type}}};
}

} // namespace ccapi::standin
