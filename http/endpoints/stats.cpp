#include "http/answers/pending_answer.hpp"
#include "http/answers/reply.hpp"
#include "http/endpoints.hpp"
#include "http/http_shard.hpp"
#include "status/stats_body.hpp"

namespace ccapi::http::endpoints {

void show_stats(exchange& client) {
  client.shard().gateway.collect_stats(
    [waiting = pending_answer::to(client)](const domain::stats& figures) {
      if (auto* asker = waiting->take_client())
        asker->guarded([&] {
          const auto& shard = asker->shard();
          reply_json(*asker,
                     status::stats_body(figures, shard.version, shard.settings().cache_enabled));
        });
    });
}

} // namespace ccapi::http::endpoints
