#include "openai/conversations.hpp"

#include "dialect/model_choice.hpp"
#include "domain/utf8_character.hpp"
#include "json/field_reader.hpp"
#include "json/reader.hpp"
#include "json/writer.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <ctime>
#include <utility>

namespace ccapi::openai {

namespace dom = simdjson::dom;
using json::field_reader;

namespace {

constexpr std::size_t body_members_max = 256;
/// OpenAI's own bounds of `metadata`; lengths in characters.
constexpr std::size_t labels_max = 16;
constexpr std::size_t label_name_max = 64;
constexpr std::size_t label_value_max = 512;
/// What `metadata` of an answer always has.
constexpr std::array<std::string_view, 4> own_members{"model", "total_tokens", "turn_count",
                                                      "project_path"};

std::size_t characters(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(std::count_if(
    utf8.begin(), utf8.end(), [](char byte) { return !domain::continues_character(byte); }));
}

bool is_own_member(std::string_view name) noexcept {
  return std::find(own_members.begin(), own_members.end(), name) != own_members.end();
}

domain::conversation_labels read_labels(field_reader& body) {
  domain::conversation_labels labels;
  const auto object = body.object("metadata");
  if (!object)
    return labels;
  const auto path = body.path_of("metadata");
  if (object->size() > labels_max)
    body.fail_value(path, "at most " + std::to_string(labels_max) + " pairs are allowed");
  for (const auto [name, value] : *object) {
    std::string_view text;
    if (is_own_member(name))
      body.fail_value(path,
                      "model, total_tokens, turn_count and project_path are the gateway's own");
    else if (characters(name) > label_name_max)
      body.fail_value(path, "names are at most " + std::to_string(label_name_max) + " characters");
    else if (value.get(text) != simdjson::SUCCESS)
      body.fail_type(path + '.' + std::string{name}, "a string", value);
    else if (characters(text) > label_value_max)
      body.fail_value(path,
                      "values are at most " + std::to_string(label_value_max) + " characters");
    if (body.failed())
      break;
    labels.emplace_back(name, text);
  }
  return labels;
}

domain::error not_an_object(std::string what) {
  return {.code = domain::error_code::invalid_request,
          .message = "The body must be a JSON object" + what,
          .retry_useful = false};
}

domain::result<dom::object> read_object(json::reader& reader, json::padded_text text) {
  auto document = reader.parse(text);
  if (!document)
    return std::move(document).error();
  dom::object object;
  if (document->get(object) != simdjson::SUCCESS)
    return not_an_object(", but it is " + std::string{json::type_name(*document)} + ".");
  if (object.size() > body_members_max)
    return not_an_object(" of at most " + std::to_string(body_members_max) + " members.");
  return object;
}

} // namespace

domain::result<domain::new_conversation>
parse_new_conversation(json::reader& reader, json::padded_text text,
                       const dialect::parse_context& context) {
  if (text.view().empty())
    return domain::new_conversation{};
  auto object = read_object(reader, text);
  if (!object)
    return std::move(object).error();
  field_reader body{*object};
  domain::new_conversation wanted;
  auto model = dialect::read_model(body, context.models);
  if (!model.requested.empty())
    wanted.model = std::move(model.resolved);
  if (body.any("project_path"))
    body.fail_unsupported("project_path", "Conversations can't be given a folder here.");
  if (const auto items = body.array("items"); items && items->size() > 0)
    body.fail_unsupported("items", "A new conversation is empty; send its messages with a chat.");
  wanted.labels = read_labels(body);
  if (body.failed())
    return body.take_failure();
  return wanted;
}

domain::result<domain::conversation_labels>
parse_conversation_labels(json::reader& reader, json::padded_text text,
                          const dialect::parse_context& /*context*/) {
  auto object = read_object(reader, text);
  if (!object)
    return std::move(object).error();
  field_reader body{*object};
  if (!body.any("metadata"))
    body.fail_value("metadata", "it is all that can be changed, and must be there");
  auto labels = read_labels(body);
  if (body.failed())
    return body.take_failure();
  return labels;
}

std::string rfc3339(domain::wall_time when) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(when);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(when - whole).count();
  const auto seconds = std::chrono::system_clock::to_time_t(whole);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  const auto digits = std::to_string(1000 + rest).substr(1);
  return std::string{text.data(), length} + '.' + digits + 'Z';
}

std::string conversation_body(const domain::conversation_info& what) {
  std::string body = R"({"id":)";
  json::append_string(body, what.id);
  body += R"(,"object":"conversation","created_at":)";
  json::append_string(body, rfc3339(what.created_at));
  body += R"(,"updated_at":)";
  json::append_string(body, rfc3339(what.updated_at));
  body += R"(,"message_count":)";
  json::append_integer(body, what.message_count);
  body += R"(,"metadata":{"model":)";
  json::append_string_or_null(body, what.model);
  body += R"(,"total_tokens":)";
  json::append_integer(body, what.total_tokens);
  body += R"(,"turn_count":)";
  json::append_integer(body, what.turn_count);
  body += R"(,"project_path":null)";
  for (const auto& [name, value] : what.labels) {
    body += ',';
    json::append_string(body, name);
    body += ':';
    json::append_string(body, value);
  }
  body += "}}";
  return body;
}

std::string conversation_list_body(const domain::conversation_page& page) {
  std::string body = R"({"conversations":[)";
  for (const auto& entry : page.entries) {
    body += body.back() == '[' ? R"({"id":)" : R"(,{"id":)";
    json::append_string(body, entry.id);
    body += R"(,"updated_at":)";
    json::append_string(body, rfc3339(entry.updated_at));
    body += '}';
  }
  body += R"(],"has_more":)";
  body += page.more ? "true}" : "false}";
  return body;
}

std::string conversation_deleted_body(std::string_view id) {
  std::string body = R"({"id":)";
  json::append_string(body, id);
  body += R"(,"object":"conversation.deleted","deleted":true})";
  return body;
}

} // namespace ccapi::openai
