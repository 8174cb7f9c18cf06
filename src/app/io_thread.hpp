#pragma once
// io_thread: an event loop with the actors that live on it.

#include "actors/io/front_end.hpp"
#include "actors/io/gateway_client.hpp"
#include "actors/io/io_shard.hpp"
#include "config/settings.hpp"
#include "domain/cache/cache_key.hpp"
#include "domain/dialogue/opening.hpp"
#include "domain/dialogue/placement.hpp"
#include "domain/metrics/status.hpp"
#include "domain/models/model_knowledge.hpp"
#include "observe/log.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <thread>

namespace ccapi {

/// Made on the main thread; from run() on, everything but `gateway` belongs to the thread itself.
struct io_thread {
  /// The thread that is `here` for `placement`. Throws std::system_error where a descriptor can't
  /// be had.
  io_thread(caf::actor_system& system, const domain::placement& placement,
            const config::settings& settings, const observe::logger& log,
            const actors::supervisor_actor& supervisor, const domain::health& health,
            std::shared_ptr<domain::model_knowledge> models,
            std::shared_ptr<domain::asked_openings> asked,
            std::shared_ptr<const domain::cache_hasher> cache_hasher, actors::account_books account,
            const actors::conversation_store_actor& store,
            std::shared_ptr<domain::store_backlog> store_backlog);

  [[nodiscard]] actors::front_end& front_end_object() const;
  /// Throws std::system_error where no thread can be had.
  void run();
  /// Waits until it has no more work, for `patience` at most. False: it had some left.
  bool end(std::chrono::milliseconds patience);

  boost::asio::io_context loop{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running{
    loop.get_executor()};
  actors::io_home home;
  actors::io_shard shard;
  actors::front_end_actor front_end;
  actors::gateway_client gateway;
  boost::asio::steady_timer timer{loop}; // from the start: the loop's descriptors then never grow
  std::thread thread;
  std::promise<void> ended;
};

} // namespace ccapi
