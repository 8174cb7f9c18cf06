#include "http/answers/pending_answer.hpp"
#include "http/answers/reply.hpp"
#include "http/endpoints.hpp"
#include "http/http_shard.hpp"
#include "status/prometheus.hpp"
#include "status/stats_body.hpp"

namespace ccapi::http::endpoints {

namespace {

/// `answer(exchange&, figures)` sends what is made of them.
template <class Answer>
void with_figures(exchange& client, Answer answer) {
  client.shard().gateway.collect_stats(
    [waiting = pending_answer::to(client), answer](const domain::stats& figures) {
      if (auto* asker = waiting->take_client())
        asker->guarded([&] { answer(*asker, figures); });
    });
}

} // namespace

void show_stats(exchange& client) {
  with_figures(client, [](exchange& asker, const domain::stats& figures) {
    const auto& shard = asker.shard();
    reply_json(asker, status::stats_body(figures, shard.version, shard.settings().cache_enabled,
                                         route_names));
  });
}

void show_metrics(exchange& client) {
  with_figures(client, [](exchange& asker, const domain::stats& figures) {
    auto& shard = asker.shard();
    auto health = shard.gateway.current_health();
    if (shard.draining())
      health.state = domain::health_state::draining;
    if (health.demo)
      health.cli_version.clear();
    asker.reply({.content_type = status::prometheus_type},
                status::prometheus_text(figures, {shard.version, health, route_names}));
  });
}

} // namespace ccapi::http::endpoints
