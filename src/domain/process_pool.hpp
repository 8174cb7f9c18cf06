#pragma once
// process_pool: who gets one of the capped process slots, and who waits. Pure.

#include "domain/ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace ccapi::domain {

/// Names one wish for a process; unique for as long as the gateway runs.
using lease_id = std::uint64_t;
using steady_time = std::chrono::steady_clock::time_point;

/// A slot is taken from the decision to spawn until the child is reaped. First come, first served.
/// Not thread-safe; owned by the supervisor.
class process_pool {
public:
  struct options {
    std::size_t processes_max = 10;
    std::size_t queue_max = 64;
    std::chrono::milliseconds queue_timeout{30'000};
  };
  enum class verdict : std::uint8_t {
    spawn,  ///< a slot was free and is taken now
    wait,   ///< queued; ends by slot_freed, expired or withdrawn
    refuse, ///< the queue is full
  };

  explicit process_pool(options limits)
    : limits_{limits} {}

  /// Other limits from now on; whoever waits keeps his deadline.
  void set_limits(options limits) noexcept { limits_ = limits; }

  /// Somebody wants a process.
  verdict request(lease_id lease, steady_time now);

  /// A child was reaped or could not be started. The waiter that gets the slot, if any; the slot is
  /// taken for it already.
  std::optional<lease_id> slot_freed();
  /// The next waiter, if there is a free slot for him: after set_limits. The slot is taken.
  std::optional<lease_id> next_waiter();

  /// Takes a slot for a process that nobody waits for. False: there is none to spare.
  bool take_free_slot();

  /// The client of a waiting lease is gone. False: it does not wait (any more).
  bool withdraw(lease_id lease);

  /// Waiters whose time is over at `now`; they are out of the queue.
  std::vector<lease_id> expired(steady_time now);
  /// When expired() will have something, if anybody waits.
  [[nodiscard]] std::optional<steady_time> next_deadline() const;

  /// An idle process was told to end for the sake of a waiter.
  void retirement_started() { ++retiring_; }
  /// That process is reaped, or refused. Call before slot_freed().
  void retirement_ended() {
    if (retiring_ > 0)
      --retiring_;
  }
  /// How many more idle processes should end: waiters without a slot on the way, and what lives
  /// beyond a cap that was lowered.
  [[nodiscard]] std::size_t retirements_wanted() const noexcept {
    const auto excess = live_ > limits_.processes_max ? live_ - limits_.processes_max : 0;
    const auto wanted = waiting_.size() + excess;
    return wanted > retiring_ ? wanted - retiring_ : 0;
  }

  [[nodiscard]] std::size_t live() const noexcept { return live_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
  [[nodiscard]] const options& limits() const noexcept { return limits_; }

private:
  struct waiter {
    lease_id lease = 0;
    steady_time deadline;
  };
  options limits_;
  std::size_t live_ = 0;
  std::size_t retiring_ = 0;
  std::deque<waiter> waiting_;
};

/// What a process answers when asked whether it is idle.
struct idle_report {
  process_id process = 0;
  bool idle = false;
  steady_time idle_since{};
  std::uint32_t turns = 0; ///< that it has run
};

/// The `count` processes that have been idle longest, longest first.
std::vector<process_id> longest_idle(std::vector<idle_report> reports, std::size_t count);

/// The idle process that is least likely to be missed, if there is one that may end although nobody
/// waits: that has run a single turn and rests for some seconds, or has rested for long.
std::optional<process_id> expendable(const std::vector<idle_report>& reports, steady_time now);

/// The idle process that has rested longest, if it has for some seconds.
std::optional<process_id> longest_rested(const std::vector<idle_report>& reports, steady_time now);

} // namespace ccapi::domain
