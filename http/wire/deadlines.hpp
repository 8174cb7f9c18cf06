#pragma once
// The points in time that a connection waits for; one timer serves them all (alarm.hpp). Pure.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace ccapi::http {

enum class deadline : std::uint8_t {
  input,  ///< bytes of the request, or the next request
  output, ///< progress of a write
  wake,   ///< what the answer asked for
  decode, ///< the next slice of an encoded body
  ahead,  ///< of what is sent ahead of the answer no more is kept
};

class deadlines {
public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr time_point never = time_point::max();

  void set(deadline which, time_point when) noexcept { at(which) = when; }
  void clear(deadline which) noexcept { at(which) = never; }
  void clear() noexcept { points_.fill(never); }

  [[nodiscard]] time_point earliest() const noexcept {
    return *std::min_element(points_.begin(), points_.end());
  }
  /// True, and the deadline is cleared, if it has passed.
  bool take(deadline which, time_point now) noexcept {
    if (at(which) > now)
      return false;
    clear(which);
    return true;
  }

private:
  time_point& at(deadline which) noexcept { return points_[static_cast<std::size_t>(which)]; }

  std::array<time_point, 5> points_{never, never, never, never, never};
};

} // namespace ccapi::http
