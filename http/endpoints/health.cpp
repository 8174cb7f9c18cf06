#include "http/answers/exchange.hpp"
#include "http/endpoints.hpp"
#include "http/http_shard.hpp"
#include "http/query.hpp"
#include "status/health_body.hpp"

#include <string_view>

namespace ccapi::http::endpoints {

namespace {

constexpr std::string_view fresh = "cache-control: no-store\r\n";

void reply_word(exchange& client, unsigned status, std::string_view word) {
  client.reply({.status = status, .content_type = text_type, .extra = fresh}, word);
}

} // namespace

void show_health(exchange& client) {
  auto& shard = client.shard();
  auto health = shard.gateway.current_health();
  if (shard.draining())
    health.state = domain::health_state::draining;
  const unsigned status = health.state == domain::health_state::draining ? 503 : 200;
  const auto& request = client.request();
  if (!request.caller.admin) // who has no business here learns up or down, nothing else
    health = {.state = health.state, .reason = {}, .cli_path = {}, .cli_version = {}};
  if (request.accepts_json || has_query_parameter(request.query, "verbose"))
    return client.reply({.status = status, .extra = fresh},
                        status::health_body(health, shard.version));
  const auto word = health.state == domain::health_state::ok ? std::string_view{"OK"}
                                                             : status::to_string(health.state);
  reply_word(client, status, word);
}

void show_liveness(exchange& client) {
  reply_word(client, 200, "OK");
}

/// A gateway without a usable CLI stays ready: it answers, and says what to do.
void show_readiness(exchange& client) {
  const auto& shard = client.shard();
  const bool leaving =
    shard.draining() || shard.gateway.current_health().state == domain::health_state::draining;
  reply_word(client, leaving ? 503 : 200,
             leaving ? status::to_string(domain::health_state::draining) : "OK");
}

} // namespace ccapi::http::endpoints
