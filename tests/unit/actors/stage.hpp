#pragma once
// stage: an actor system with virtual time and hand-driven I/O threads, so that tests decide what
// happens when.

#include "actors/io/asio_host.hpp"
#include "actors/messages.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <chrono>
#include <deque>
#include <functional>

namespace ccapi::actors::test {

/// Everything runs on the thread that calls pump().
class stage {
public:
  stage();

  caf::actor_system& system() { return system_; }
  /// One more I/O thread (that is none).
  io_home& add_loop();
  asio::io_context& loop(std::size_t index) { return loops_.at(index).loop; }

  /// Runs all mail and all I/O that is ready, until nothing is left to do. CAF's time stands still;
  /// timers of the loops follow the real clock.
  void pump();
  /// The same for one I/O thread only. True if it did something.
  bool pump_loop(std::size_t index);
  /// CAF's mail only.
  void pump_scheduler() { scheduler_.run(); }
  /// Moves CAF's time on, then pumps.
  void advance(std::chrono::milliseconds by);
  /// By CAF's time.
  [[nodiscard]] std::chrono::steady_clock::time_point now() { return system_.clock().now(); }
  /// Pumps, and waits for timers of the loops, until `done`. False: it did not come within 20 s.
  bool pump_until(const std::function<bool()>& done);

private:
  struct settings : caf::actor_system_config {
    settings();
  };
  struct hand_driven {
    explicit hand_driven(caf::actor_system& system)
      : home{system, loop} {}
    asio::io_context loop{1};
    asio::executor_work_guard<asio::io_context::executor_type> keep{loop.get_executor()};
    io_home home;
  };

  settings settings_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& scheduler_;
  std::deque<hand_driven> loops_;
};

} // namespace ccapi::actors::test
