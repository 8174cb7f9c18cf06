#include "openai/chat_parser.hpp"

#include "dialect/model_choice.hpp"
#include "domain/ids.hpp"
#include "json/field_reader.hpp"
#include "json/reader.hpp"
#include "openai/message_list.hpp"
#include "openai/parameters.hpp"
#include "openai/response_format.hpp"
#include "openai/tool_list.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace ccapi::openai {

namespace dom = simdjson::dom;
using json::field_reader;

namespace {

/// Several times what the API knows. Bounds the look-ups, each of which walks over all members.
constexpr std::size_t body_members_max = 256;

/// What most requests have, and nothing else: none of it is refused or ignored.
constexpr std::array<std::string_view, 8> usual_members{
  "messages",    "model",      "stream",          "stream_options",
  "temperature", "max_tokens", "conversation_id", "user"};

bool is_usual(const dom::object& body) noexcept {
  for (const auto member : body)
    if (std::find(usual_members.begin(), usual_members.end(), member.key) == usual_members.end())
      return false;
  return true;
}

void read_messages(field_reader& body, const dialect::parse_context& context, parsed_chat& chat) {
  const auto messages = body.array("messages");
  if (!messages) {
    body.fail_missing("messages");
    return;
  }
  auto read = read_message_list(*messages, context, chat.request.conversation_id.has_value());
  if (!read) {
    body.fail(std::move(read).error());
    return;
  }
  chat.request.system_prompt = std::move(read->system_prompt);
  chat.request.messages = std::move(read->messages);
  for (const auto& block : chat.request.messages.back().content)
    if (const auto* result = std::get_if<domain::tool_result_block>(&block))
      chat.request.answered_calls.push_back(result->call_id);
  chat.request.opening = read->opening;
  chat.request.question_at = read->question_at;
  chat.adjusted = std::move(read->adjusted);
  chat.continued = read->continued;
  chat.rescaled_images = read->rescaled_images;
  chat.to_load = std::move(read->to_load);
}

void read_conversation_id(field_reader& body, domain::chat_request& request) {
  const auto id = body.string("conversation_id");
  if (!id)
    return;
  if (domain::is_valid_conversation_id(*id))
    request.conversation_id = *id;
  else
    body.fail_value("conversation_id",
                    "must be 1 to 128 characters of A-Z, a-z, 0-9, '.', '_', '-'");
}

void read_stream(field_reader& body, parsed_chat& chat) {
  chat.stream = body.boolean("stream").value_or(false);
  const auto object = body.object("stream_options");
  if (!object)
    return;
  field_reader options{*object, "stream_options"};
  chat.include_usage = options.boolean("include_usage").value_or(false);
  if (options.failed())
    body.fail(options.take_failure());
}

void take_tools(tool_wishes&& wishes, parsed_chat& chat) {
  chat.request.tools = std::move(wishes.tools);
  chat.request.declared_tools = std::move(wishes.declared);
  chat.request.tool_choice = std::move(wishes.choice);
  chat.calls = std::move(wishes.style);
  for (auto& what : wishes.adjusted)
    chat.adjusted.push_back(std::move(what));
}

/// In place of continue_query.
void ask_for_form(domain::chat_request& request) {
  if (request.tool_choice.demand != domain::tool_demand::automatic)
    request.messages.back() = {domain::role::user, std::string{call_query}};
  else if (request.format)
    request.messages.back() = {domain::role::user, std::string{form_query}};
}

} // namespace

domain::result<parsed_chat> parse_chat(json::reader& reader, json::padded_text text,
                                       const dialect::parse_context& context) {
  auto document = reader.parse(text);
  if (!document)
    return std::move(document).error();
  dom::object object;
  if (document->get(object) != simdjson::SUCCESS)
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "The body must be a JSON object, but it is "
                                    + std::string{json::type_name(*document)} + ".",
                         .retry_useful = false};
  if (object.size() > body_members_max)
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "The body has more than " + std::to_string(body_members_max)
                                    + " members.",
                         .retry_useful = false};
  field_reader body{object};
  parsed_chat chat;
  read_conversation_id(body, chat.request);
  read_messages(body, context, chat);
  auto model = dialect::read_model(body, context.models);
  chat.request.model_given = !model.requested.empty();
  chat.requested_model = std::move(model.requested);
  chat.request.model = std::move(model.resolved);
  const bool usual = is_usual(object); // then there is nothing to look for, one by one
  if (!usual) {
    refuse_unsupported(body);
    take_tools(read_tools(body, context), chat);
    chat.request.format = read_response_format(body, context.schema_bytes_max);
    chat.choices_wanted = read_choices(body, chat.request, context.choices_max);
    if (chat.continued)
      ask_for_form(chat.request);
  }
  chat.request.sampling = read_sampling(body);
  read_stream(body, chat);
  chat.request.in_one_piece = !chat.stream;
  if (!usual) {
    chat.request.reasoning = read_reasoning(body, chat.ignored_params);
    chat.request.seed = read_seed(body);
    chat.request.unheeded = read_unheeded(body);
    list_ignored(body, chat.ignored_params);
  }
  if (body.failed())
    return body.take_failure();
  return chat;
}

} // namespace ccapi::openai
