#include "http/endpoints.hpp"
#include "http/reply.hpp"
#include "http/reply_writer.hpp"
#include "http/site.hpp"
#include "http/sse_writer.hpp"

#include <memory>
#include <utility>

namespace ccapi::http::endpoints {

namespace {

template <class Writer>
void submit(exchange& client, chat_plan plan, domain::chat_request turn) {
  auto writer = std::make_shared<Writer>(client, std::move(plan));
  client.work_on(writer);
  writer->start(client.site().gateway.submit(std::move(turn), writer));
}

} // namespace

void create_chat_completion(exchange& client) {
  auto& site = client.site();
  auto parsed = site.parser.parse(client.request().body);
  if (!parsed)
    return reply_error(client, parsed.error());
  auto& chat = *parsed;
  chat.request.request_id = client.request().id;
  chat.request.tenant = client.request().tenant;
  chat_plan plan{.requested_model = std::move(chat.requested_model),
                 .resolved_model = chat.request.model,
                 .ignored_params = std::move(chat.ignored_params),
                 .echo_requested = site.settings.echo_requested_model,
                 .include_usage = chat.include_usage};
  if (chat.stream)
    submit<sse_writer>(client, std::move(plan), std::move(chat.request));
  else
    submit<reply_writer>(client, std::move(plan), std::move(chat.request));
}

} // namespace ccapi::http::endpoints
