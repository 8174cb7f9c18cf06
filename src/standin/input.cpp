#include "standin/input.hpp"

#include "json/writer.hpp"

#include <cctype>
#include <cstdint>
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

part part_of(dom::object block) {
  const auto json_at = [&](std::string_view key) {
    dom::element found;
    return block.at_key(key).get(found) == simdjson::SUCCESS ? std::string{simdjson::minify(found)}
                                                             : std::string{};
  };
  const auto type = text_of(block, "type");
  if (type == "text" || type == "thinking")
    return {.what = type == "text" ? part::kind::text : part::kind::thinking,
            .text = std::string{text_of(block, type)}};
  if (type == "tool_use")
    return {.what = part::kind::tool_use,
            .id = std::string{text_of(block, "id")},
            .name = std::string{text_of(block, "name")},
            .json = json_at("input")};
  if (type != "tool_result")
    return {.what = part::kind::other, .json = simdjson::minify(block)};
  bool failed = false;
  if (block.at_key("is_error").get(failed) != simdjson::SUCCESS)
    failed = false;
  return {.what = part::kind::tool_result,
          .id = std::string{text_of(block, "tool_use_id")},
          .json = json_at("content"),
          .failed = failed};
}

struct content_parts {
  parts all;
  std::string_view last; ///< text block
};

content_parts content_of(dom::object message) {
  content_parts found;
  found.last = text_of(message, "content");
  found.all = text_parts(std::string{found.last});
  dom::array blocks;
  if (message.at_key("content").get(blocks) == simdjson::SUCCESS)
    for (const auto block : blocks)
      if (dom::object fields; block.get(fields) == simdjson::SUCCESS) {
        auto made = part_of(fields);
        if (made.what == part::kind::text)
          found.last = text_of(fields, "text");
        if (made.what != part::kind::text || !made.text.empty())
          found.all.push_back(std::move(made));
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

std::vector<std::string> servers_of(dom::object request) {
  std::vector<std::string> names;
  if (const auto servers = object_of(request, "servers"))
    for (const auto& [name, config] : *servers)
      names.emplace_back(name);
  return names;
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
                            .settings = settings_of(*request),
                            .servers = servers_of(*request)}};
}

declared_tool tool_of(dom::object fields) {
  declared_tool tool{.name = std::string{text_of(fields, "name")},
                     .description = std::string{text_of(fields, "description")},
                     .schema = {}};
  if (const auto schema = object_of(fields, "inputSchema");
      schema && text_of(*schema, "type") == "object")
    tool.schema = simdjson::minify(*schema);
  if (const auto hints = object_of(fields, "annotations"))
    if (hints->at_key("readOnlyHint").get(tool.read_only) != simdjson::SUCCESS)
      tool.read_only = false;
  std::uint64_t most = 0;
  if (const auto meta = object_of(fields, "_meta");
      meta && meta->at_key("anthropic/maxResultSizeChars").get(most) == simdjson::SUCCESS)
    tool.result_max = most;
  return tool;
}

/// A block of an MCP result as the API has it.
part result_part(dom::object block) {
  if (text_of(block, "type") == "text")
    return {.what = part::kind::text, .text = std::string{text_of(block, "text")}};
  if (text_of(block, "type") != "image")
    return {.what = part::kind::other, .json = simdjson::minify(block)};
  part made{.what = part::kind::other,
            .json = R"({"type":"image","source":{"type":"base64","media_type":)"};
  json::append_string(made.json, text_of(block, "mimeType"));
  made.json += R"(,"data":)";
  json::append_string(made.json, text_of(block, "data"));
  made.json += "}}";
  return made;
}

void read_result(dom::object result, mcp_answer& answer) {
  if (result.at_key("isError").get(answer.failed) != simdjson::SUCCESS)
    answer.failed = false;
  dom::array list;
  if (result.at_key("tools").get(list) == simdjson::SUCCESS)
    for (const auto tool : list)
      if (dom::object fields; tool.get(fields) == simdjson::SUCCESS)
        answer.tools.push_back(tool_of(fields));
  if (const auto structured = object_of(result, "structuredContent"))
    answer.content = text_parts(simdjson::minify(*structured)); // wins over content
  else if (result.at_key("content").get(list) == simdjson::SUCCESS)
    for (const auto block : list)
      if (dom::object fields; block.get(fields) == simdjson::SUCCESS)
        answer.content.push_back(result_part(fields));
}

/// The answer to a control request of the CLI; these are all messages to MCP servers.
domain::result<input> answer_of(dom::object line) {
  const auto response = object_of(line, "response");
  if (!response)
    return refused("Missing response on control_response");
  mcp_answer answer{.request_id = std::string{text_of(*response, "request_id")},
                    .tools = {},
                    .content = {},
                    .error = std::string{text_of(*response, "error")}};
  const auto inner = object_of(*response, "response");
  const auto message = inner ? object_of(*inner, "mcp_response") : std::nullopt;
  if (const auto error = message ? object_of(*message, "error") : std::nullopt)
    answer.error = text_of(*error, "message");
  if (const auto result = message ? object_of(*message, "result") : std::nullopt)
    read_result(*result, answer);
  else if (answer.error.empty())
    answer.error = "no result";
  answer.failed = answer.failed || !answer.error.empty();
  return input{std::move(answer)};
}

domain::result<input> message_of(dom::object line, std::string_view type) {
  const auto message = object_of(line, "message");
  std::string uuid{text_of(line, "uuid")};
  if (!message || text_of(*message, "role") != type)
    return refused("Error: " + std::string{type} + " line without a message of that role");
  auto content = content_of(*message);
  if (type == "assistant")
    return input{assistant_line{std::move(uuid), plain_text(content.all), std::move(content.all)}};
  bool query = true;
  if (line.at_key("shouldQuery").get(query) != simdjson::SUCCESS)
    query = true;
  std::string command{is_command(content.last) ? content.last : std::string_view{}};
  return input{user_line{std::move(uuid), plain_text(content.all), std::move(content.all),
                         std::move(command), query}};
}

} // namespace

std::string mcp_answer::text() const {
  std::string all;
  for (const auto& each : content)
    if (each.what == part::kind::text)
      all.append(all.empty() ? "" : "\n").append(each.text);
  return all;
}

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
  if (type == "control_response")
    return answer_of(fields);
  if (type == "user" || type == "assistant")
    return message_of(fields, type);
  return input{other_line{std::string{type}}};
}

} // namespace ccapi::standin
