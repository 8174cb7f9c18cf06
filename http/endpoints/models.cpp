#include "http/answers/reply.hpp"
#include "http/endpoints.hpp"
#include "http/http_shard.hpp"

namespace ccapi::http::endpoints {

void list_models(exchange& client) {
  const auto* dialect = client.request().dialect;
  reply_json(client, client.shard().model_list(*dialect));
}

void show_model(exchange& client) {
  const auto& name = client.request().parameter;
  if (!client.shard().models().is_listed(name))
    return reply_error(client, {.code = domain::error_code::model_not_found,
                                .message = "There is no model " + domain::quoted_model_name(name)
                                           + " here. GET /v1/models lists them.",
                                .param = "model",
                                .retry_useful = false});
  reply_json(client, client.request().dialect->models.one(name));
}

} // namespace ccapi::http::endpoints
