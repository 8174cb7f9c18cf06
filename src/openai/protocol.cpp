#include "openai/protocol.hpp"

#include "json/writer.hpp"
#include "openai/chat_encoder.hpp"
#include "openai/chat_parser.hpp"
#include "openai/choices_encoder.hpp"
#include "openai/conversations.hpp"
#include "openai/errors.hpp"
#include "openai/models.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

namespace ccapi::openai {

namespace {

domain::result<dialect::parsed_turn> parse(json::reader& reader, json::padded_text body,
                                           const dialect::parse_context& context) {
  auto chat = parse_chat(reader, body, context);
  if (!chat)
    return std::move(chat).error();
  if (chat->choices_wanted > 1)
    chat->choices = std::make_unique<choices_encoder>(chat->choices_wanted, chat->include_usage,
                                                      std::move(chat->calls), context.usage_cost);
  else
    chat->encoder = std::make_unique<chat_encoder>(chat->include_usage, std::move(chat->calls),
                                                   context.usage_cost);
  return dialect::parsed_turn{std::move(*chat)};
}

/// Pages that speak to several providers send Anthropic's fields along.
constexpr std::array<std::string_view, 3> asked_families{"x-stainless-", "openai-", "anthropic-"};

void append_headers(std::string& lines, std::chrono::milliseconds processing) {
  lines += "openai-version: 2020-10-01\r\nopenai-processing-ms: ";
  json::append_integer(lines, std::int64_t{processing.count()});
  lines += "\r\n";
}

} // namespace

const dialect::protocol protocol{
  .parse = parse,
  .error = error_body,
  .append_headers = append_headers,
  .headers = {.asked_families = asked_families, .answered = "openai-processing-ms, openai-version"},
  .models = {.list = model_list_body, .one = model_body},
  .conversations = {.parse = parse_new_conversation,
                    .parse_labels = parse_conversation_labels,
                    .one = conversation_body,
                    .list = conversation_list_body,
                    .deleted = conversation_deleted_body},
};

} // namespace ccapi::openai
