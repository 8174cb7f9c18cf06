#pragma once
// turn_times: how long the parts of turns took lately. Pure; the time is told.

#include "domain/clock.hpp"
#include "domain/metrics/duration_histogram.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ccapi::domain {

/// The times of a turn, in its order.
enum class turn_time : std::uint8_t {
  wait,  ///< for a process, and for turns ahead
  boot,  ///< of a new process
  setup, ///< until the process was told everything
  first, ///< from then to the first sign of the answer
  total, ///< from the request to the answer's end
};
inline constexpr std::size_t turn_time_count = 5;

/// "wait", "boot", "setup", "first", "total".
std::string_view to_string(turn_time which) noexcept;

/// The times within the last minutes. The window moves in steps of a `steps`th of its length, so it
/// covers at least all but one of them.
class duration_window {
public:
  static constexpr std::size_t steps = 12;

  explicit duration_window(std::chrono::minutes length);

  /// In constant time and without memory. `now` never goes back.
  void add(std::chrono::microseconds took, steady_time now) noexcept;
  [[nodiscard]] duration_histogram all(steady_time now) const noexcept;

private:
  struct step {
    std::int64_t number = -1; ///< since the clock's beginning
    duration_histogram times;
  };
  [[nodiscard]] std::int64_t number_at(steady_time now) const noexcept {
    return now.time_since_epoch() / step_length_;
  }

  steady_time::duration step_length_;
  std::vector<step> steps_; ///< a ring
};

/// What a window holds of each time.
struct recent_times {
  std::uint32_t minutes = 0;
  std::array<duration_histogram, turn_time_count> of{};

  [[nodiscard]] const duration_histogram& operator[](turn_time which) const noexcept {
    return of[static_cast<std::size_t>(which)];
  }
};

/// Windows of 1, 5 and 60 minutes over each of the times. Takes 170 KB. Not thread-safe.
class turn_times {
public:
  static constexpr std::array<std::uint32_t, 3> lengths{1, 5, 60}; ///< minutes

  turn_times();
  void add(turn_time which, std::chrono::microseconds took, steady_time now) noexcept;
  /// In the order of `lengths`.
  [[nodiscard]] std::vector<recent_times> recent(steady_time now) const;

private:
  std::vector<duration_window> windows_; ///< of each time the lengths
};

/// Adds another thread's windows, which are of the same lengths; none count as empty.
void add(std::vector<recent_times>& sum, const std::vector<recent_times>& part);

} // namespace ccapi::domain
