#pragma once
// start_breaker: a circuit breaker for processes that do not come up. Pure.

#include "domain/clock.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace ccapi::domain {

/// Counts starts that failed before the process was ready. Too many within a period open it: new
/// processes are refused at once until the pause is over; then one start is tried, and its outcome
/// closes the breaker or opens it for twice as long. Not thread-safe; owned by the supervisor.
class start_breaker {
public:
  struct options {
    std::uint32_t failures_max = 5; ///< this many within the period open it
    std::chrono::milliseconds period{10'000};
    std::chrono::milliseconds pause{5'000}; ///< first pause
    std::chrono::milliseconds pause_max{60'000};
  };

  explicit start_breaker(options limits)
    : limits_{limits} {}

  /// Other limits from now on; a pause that is on goes on.
  void set_limits(options limits) noexcept { limits_ = limits; }

  /// May a process be started now? True takes the one trial of a pause that is over; one that
  /// leaves no word is followed by the next after another pause.
  bool allows(steady_time now);
  /// A process came up, whenever it was started.
  void succeeded();
  /// A start failed. `chance` in [0, 1) lengthens the pause by up to a quarter.
  void failed(steady_time now, double chance);

  [[nodiscard]] bool open() const noexcept { return open_until_.has_value(); }
  /// How long a refused client should wait. Zero when closed.
  [[nodiscard]] std::chrono::milliseconds retry_after(steady_time now) const;

private:
  options limits_;
  std::deque<steady_time> failures_; ///< within the period
  std::optional<steady_time> open_until_;
  std::chrono::milliseconds next_pause_{0};
  bool trial_runs_ = false;
};

} // namespace ccapi::domain
