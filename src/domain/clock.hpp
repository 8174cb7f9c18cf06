#pragma once
// clock: the two kinds of time. Who decides something is told the time, so that tests can tell it.

#include <chrono>

namespace ccapi::domain {

/// For durations and deadlines.
using steady_time = std::chrono::steady_clock::time_point;
/// For what people and clients are shown.
using wall_time = std::chrono::system_clock::time_point;

/// Now, in whole microseconds: what is kept and read again is then still the same.
inline wall_time wall_clock_now() noexcept {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

} // namespace ccapi::domain
