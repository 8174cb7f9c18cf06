#include "domain/ids.hpp"
#include "http/answers/pending_answer.hpp"
#include "http/answers/reply.hpp"
#include "http/endpoints.hpp"
#include "http/http_shard.hpp"
#include "http/query.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace ccapi::http::endpoints {

namespace {

constexpr std::size_t page_default = 100;
constexpr std::size_t page_max = 1000;

/// A callback of the gateway that sends what `body_of` makes of its result.
template <class Value, class Render>
auto answer_with(exchange& client, Render body_of) {
  return [waiting = pending_answer::to(client), body_of](domain::result<Value> found) {
    auto* asker = waiting->take_client();
    if (!asker)
      return;
    asker->guarded([&] {
      if (!found)
        return reply_error(*asker, found.error());
      reply_json(*asker, body_of(*found));
    });
  };
}

/// The conversation that the path names; nothing if it can't be one: the client has its 404 then.
std::optional<domain::conversation_name> name_in(exchange& client) {
  const auto& request = client.request();
  if (!domain::is_valid_conversation_id(request.parameter)) {
    reply_error(client, {.code = domain::error_code::not_found,
                         .message = "Conversation not found",
                         .retry_useful = false});
    return std::nullopt;
  }
  client.note_conversation(request.parameter);
  return domain::conversation_name{.tenant = request.caller.name, .id = request.parameter};
}

} // namespace

void create_conversation(exchange& client) {
  auto& shard = client.shard();
  auto& request = client.request();
  const auto& format = request.dialect->conversations;
  auto wanted = shard.parse(format.parse, request.body.text());
  if (!wanted)
    return reply_error(client, wanted.error());
  shard.gateway.create_conversation(request.caller.name, *std::move(wanted),
                                    answer_with<domain::conversation_info>(client, format.one));
}

void list_conversations(exchange& client) {
  const auto& request = client.request();
  const auto limit = query_number(request.query, "limit", page_default, 1, page_max);
  if (!limit)
    return reply_error(client, limit.error());
  const auto order = query_word(request.query, "order", {"desc", "asc"});
  if (!order)
    return reply_error(client, order.error());
  const auto after = query_value(request.query, "after");
  if (after && !domain::is_valid_conversation_id(*after))
    return reply_error(client, {.code = domain::error_code::invalid_request,
                                .message = "'after' must be the id of a conversation.",
                                .param = "after",
                                .retry_useful = false});
  client.shard().gateway.list_conversations(
    {.tenant = request.caller.name, .limit = *limit, .oldest_first = *order == "asc"},
    std::string{after.value_or("")},
    answer_with<domain::conversation_page>(client, request.dialect->conversations.list));
}

void show_conversation(exchange& client) {
  if (auto name = name_in(client))
    client.shard().gateway.show_conversation(
      *std::move(name),
      answer_with<domain::conversation_info>(client, client.request().dialect->conversations.one));
}

void update_conversation(exchange& client) {
  auto& request = client.request();
  const auto& format = request.dialect->conversations;
  auto name = name_in(client);
  if (!name)
    return;
  auto labels = client.shard().parse(format.parse_labels, request.body.text());
  if (!labels)
    return reply_error(client, labels.error());
  client.shard().gateway.label_conversation(
    *std::move(name), *std::move(labels),
    answer_with<domain::conversation_info>(client, format.one));
}

void delete_conversation(exchange& client) {
  if (auto name = name_in(client))
    client.shard().gateway.remove_conversation(
      *std::move(name),
      answer_with<domain::conversation_info>(
        client, [body_of = client.request().dialect->conversations.deleted](
                  const domain::conversation_info& last) { return body_of(last.id); }));
}

} // namespace ccapi::http::endpoints
