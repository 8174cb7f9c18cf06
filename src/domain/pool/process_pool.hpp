#pragma once
// process_pool: who gets one of the capped process slots, and who waits. Pure.

#include "domain/clock.hpp"
#include "domain/hash128.hpp"
#include "domain/ids.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace ccapi::domain {

/// Names one wish for a process; unique for as long as the gateway runs.
using lease_id = std::uint64_t;

/// What a process can be led back to: the root of its dialogues, on the thread where it lives.
struct process_origin {
  std::size_t thread = 0;
  hash128 root{};

  friend bool operator==(const process_origin&, const process_origin&) = default;
};

/// Somebody wants a process.
struct process_wish {
  lease_id lease = 0;
  std::string tenant{};
  process_origin origin{};
  bool fresh = false; ///< for a dialogue that begins at its root: one that is led back will do
  /// It was out of the queue for a process that then could not be had: has its place, its turn and
  /// its deadline back.
  std::optional<steady_time> waiting_since{};
};

/// A slot is taken from the decision to spawn until the child is reaped. Those who wait are served
/// tenant by tenant in turn, and within a tenant in the order of their coming; no tenant takes the
/// queue from the others. Not thread-safe; owned by the supervisor.
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

  struct admission {
    verdict what = verdict::refuse;
    /// Whose place it got: of a full queue, the last to come of the tenant with the most places,
    /// as long as the newcomer's tenant has less after that. Out of the queue.
    std::optional<lease_id> displaced{};
  };
  admission request(process_wish wish, steady_time now);

  /// A child was reaped or could not be started. The waiter that gets the slot, if any; the slot is
  /// taken for it already.
  std::optional<lease_id> slot_freed();
  /// The next waiter, if there is a free slot for him: after set_limits. The slot is taken.
  std::optional<lease_id> next_waiter();

  /// An idle process of this origin would have to end for those who wait. The waiter whom it may
  /// serve instead, if there is one and nobody is wronged by it: he is out of the queue, and the
  /// process keeps its slot. Wronged are tenants that got less lately, and whoever would be passed
  /// over once more than there are slots.
  std::optional<lease_id> lead_back(const process_origin& origin);

  /// Longer than most tools take, but whoever waits for a parked process must have time to get it.
  [[nodiscard]] steady_time::duration parked_patience() const noexcept {
    constexpr std::chrono::seconds most{10};
    return std::min<steady_time::duration>(most, limits().queue_timeout / 2);
  }

  /// Who is served next; null: nobody waits.
  [[nodiscard]] const process_wish* next_wish() const;
  /// An idle process would have to end for whoever is served next. He has his answer sooner if it
  /// does not: so many processes that can be led back to his root will have served those ahead of
  /// him, and then him, before a new one has booted.
  [[nodiscard]] bool better_waits(std::size_t processes_of_his, std::chrono::milliseconds turn,
                                  std::chrono::milliseconds boot) const;

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
    const auto wanted = waiting_ + excess;
    return wanted > retiring_ ? wanted - retiring_ : 0;
  }

  [[nodiscard]] std::size_t live() const noexcept { return live_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
  [[nodiscard]] const options& limits() const noexcept { return limits_; }

private:
  struct waiter {
    process_wish wish;
    steady_time since;
    steady_time deadline;
    std::uint64_t arrival =
      0; ///< of those with the same `since`, the lower came first; 0: it is back
  };
  /// Of one tenant; never empty.
  struct line {
    std::deque<waiter> waiters;
    std::uint64_t round = 0;     ///< how far the tenant has got; whoever is behind comes first
    std::size_t passed_over = 0; ///< how often, since the first of them is the first
  };
  using lines = std::unordered_map<std::string, line>;

  [[nodiscard]] lines::const_iterator next_line() const;
  /// Serves one of them. Its line may be gone afterwards.
  lease_id serve(lines::iterator from, std::size_t which);
  void take_out(lines::iterator from, std::size_t which);

  options limits_;
  std::size_t live_ = 0;
  std::size_t retiring_ = 0;
  std::size_t waiting_ = 0; ///< in all lines
  lines lines_;
  std::uint64_t round_ = 0;                              ///< of whoever was served last
  std::unordered_map<std::string, std::uint64_t> ahead_; ///< rounds beyond it, of whoever has left
  std::uint64_t arrivals_ = 0;
};

/// How long something has taken lately: the last ones count most. Zero: nobody knows.
class recent_duration {
public:
  void note(steady_time::duration one) noexcept;
  [[nodiscard]] std::chrono::milliseconds get() const noexcept { return value_; }

private:
  std::chrono::milliseconds value_{0};
};

/// What a process answers when asked whether it is idle.
struct idle_report {
  process_id process = 0;
  bool idle = false;
  steady_time idle_since{}; ///< or parked
  std::uint32_t turns = 0;  ///< that it has run
  /// It holds one turn, of a conversation without a name, and can take it back.
  bool leads_back = false;
  bool parked = false; ///< not idle, but waits for the results of calls
};

/// The `count` processes that have been idle longest, longest first.
std::vector<process_id> longest_idle(std::vector<idle_report> reports, std::size_t count);

/// The `count` processes that have been parked longest, longest first, of those that have been for
/// `patience`: a client that needs more time for its tools can do without its process.
std::vector<process_id> longest_parked(std::vector<idle_report> reports, std::size_t count,
                                       steady_time now, steady_time::duration patience);

/// When the first of those that are parked will have been for `patience`; nothing: none is.
std::optional<steady_time> first_parked_until(const std::vector<idle_report>& reports,
                                              steady_time::duration patience);

/// The idle process that is least likely to be missed, if there is one that may end although nobody
/// waits: that has run a single turn and rests for some seconds, or has rested for long.
std::optional<process_id> expendable(const std::vector<idle_report>& reports, steady_time now);

/// The idle process that has rested longest, if it has for some seconds.
std::optional<process_id> longest_rested(const std::vector<idle_report>& reports, steady_time now);

} // namespace ccapi::domain
