#include "openai/stats.hpp"

#include "http/endpoints.hpp"
#include "http/reply.hpp"
#include "http/site.hpp"

#include <memory>
#include <utility>

namespace ccapi::http::endpoints {

namespace {

/// Waits for the figures of all threads. Owned by the exchange and by the gateway's callback.
class stats_answer final : public answer {
public:
  explicit stats_answer(exchange& client)
    : client_{&client} {}

  void on_figures(const domain::stats& figures) {
    if (auto* client = std::exchange(client_, nullptr))
      reply_json(*client, openai::stats_body(figures, client->site().version));
  }
  void on_written() override {}
  void on_wake() override {}
  void on_gone() override { client_ = nullptr; }

private:
  exchange* client_;
};

} // namespace

void show_stats(exchange& client) {
  auto waiting = std::make_shared<stats_answer>(client);
  client.work_on(waiting);
  client.site().gateway.collect_stats(
    [waiting](const domain::stats& figures) { waiting->on_figures(figures); });
}

} // namespace ccapi::http::endpoints
