#include "actors/gateway_client.hpp"

#include "actors/front_end.hpp"

#include <utility>

namespace ccapi::actors {

domain::ticket gateway_client::submit(domain::chat_request request,
                                      std::shared_ptr<domain::event_sink> sink) {
  return partner_.submit(std::move(request), std::move(sink));
}

void gateway_client::cancel(domain::turn_id turn) {
  partner_.cancel(turn);
}

void gateway_client::acknowledge(domain::turn_id turn, std::size_t bytes) {
  partner_.acknowledge(turn, bytes);
}

const domain::health& gateway_client::current_health() const {
  return partner_.health();
}

void gateway_client::collect_stats(std::function<void(const domain::stats&)> done) {
  partner_.collect_stats(std::move(done));
}

} // namespace ccapi::actors
