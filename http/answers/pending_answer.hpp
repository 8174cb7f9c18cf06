#pragma once
// pending_answer: stands in for a handler that waits for one callback of the gateway.

#include "http/answers/exchange.hpp"

#include <memory>
#include <utility>

namespace ccapi::http {

/// Owned by the exchange and by the callback, which takes the client to answer it.
class pending_answer final : public answer {
public:
  static std::shared_ptr<pending_answer> to(exchange& client) {
    auto waiting = std::make_shared<pending_answer>();
    waiting->client_ = &client;
    client.work_on(waiting);
    return waiting;
  }

  /// Once; null if the client is gone.
  exchange* take_client() noexcept { return std::exchange(client_, nullptr); }

  void on_written() override {}
  void on_wake() override {}
  void on_gone() override { client_ = nullptr; }

private:
  exchange* client_ = nullptr;
};

} // namespace ccapi::http
