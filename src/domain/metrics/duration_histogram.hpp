#pragma once
// duration_histogram: how long something took, many times, in little memory. Pure.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ccapi::domain {

/// Steps of a quarter of a power of two, from one microsecond to two minutes: what it tells is at
/// most a quarter too high, and never more than the longest time. Not thread-safe; parts from
/// several threads add up.
class duration_histogram {
public:
  using microseconds = std::chrono::microseconds;

  void add(microseconds took) noexcept;
  duration_histogram& operator+=(const duration_histogram& other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] microseconds longest() const noexcept { return longest_; }
  [[nodiscard]] microseconds sum() const noexcept { return sum_; }
  /// How many took less than 2^power microseconds, 27 at most. Exact.
  [[nodiscard]] std::uint64_t below(std::size_t power) const noexcept;
  /// What `share` (0..1) of them did not exceed; 0 if there are none.
  [[nodiscard]] microseconds quantile(double share) const noexcept;

private:
  static constexpr std::size_t powers = 27;
  static constexpr std::size_t steps = 4 * powers + 1;

  std::array<std::uint64_t, steps> counts_{};
  std::uint64_t count_ = 0;
  microseconds sum_{};
  microseconds longest_{};
};

} // namespace ccapi::domain
