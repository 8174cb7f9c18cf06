#include "http/endpoints.hpp"
#include "http/key_ring.hpp"
#include "http/reply.hpp"
#include "http/reply_writer.hpp"
#include "http/site.hpp"
#include "http/sse_writer.hpp"
#include "openai/chat_encoder.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ccapi::http::endpoints {

namespace {

template <class Writer>
void submit(exchange& client, chat_plan plan, domain::chat_request turn) {
  auto writer = std::make_shared<Writer>(client, std::move(plan));
  client.work_on(writer);
  writer->start(client.site().gateway.submit(std::move(turn), writer));
}

std::optional<key_usage::turn_place> begin_turn(const caller& who) {
  if (!who.usage)
    return key_usage::turn_place{};
  return who.usage->begin_turn(who.max_concurrent);
}

/// `named` as in x-ccapi-ignored-params: maybe with what became of it in brackets.
domain::error without_effect(const std::string& named) {
  const auto parameter = named.substr(0, named.find('('));
  return {.code = domain::error_code::unsupported_parameter,
          .message = "'" + parameter
                     + "' can't be taken here as it was sent, and strict parameters are wanted.",
          .param = parameter,
          .retry_useful = false};
}

} // namespace

void create_chat_completion(exchange& client) {
  auto& site = client.site();
  auto place = begin_turn(client.request().caller);
  if (!place)
    return reply_problem(client, key_turns_exceeded, {}, std::chrono::seconds{1});
  auto parsed = site.parser().parse(client.request().body.text());
  if (!parsed)
    return reply_error(client, parsed.error());
  auto& chat = *parsed;
  chat.request.request_id = client.request().id;
  chat.request.tenant = client.request().caller.name;
  chat.ignored_params.insert(chat.ignored_params.end(), chat.adjusted.begin(), chat.adjusted.end());
  chat.request.strict = client.request().strict || site.settings().strict_parameters;
  if (chat.request.strict && !chat.ignored_params.empty())
    return reply_error(client, without_effect(chat.ignored_params.front()));
  chat_plan plan{.requested_model = std::move(chat.requested_model),
                 .resolved_model = chat.request.model,
                 .ignored_params = std::move(chat.ignored_params),
                 .echo_requested = site.settings().echo_requested_model,
                 .encoder = std::make_unique<openai::chat_encoder>(chat.include_usage),
                 .place = std::move(*place)};
  if (chat.stream)
    submit<sse_writer>(client, std::move(plan), std::move(chat.request));
  else
    submit<reply_writer>(client, std::move(plan), std::move(chat.request));
}

} // namespace ccapi::http::endpoints
