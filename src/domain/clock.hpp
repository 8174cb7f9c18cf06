#pragma once
// clock: the two kinds of time. Who decides something is told the time, so that tests can tell it.

#include <chrono>

namespace ccapi::domain {

/// For durations and deadlines.
using steady_time = std::chrono::steady_clock::time_point;
/// For what people and clients are shown.
using wall_time = std::chrono::system_clock::time_point;

} // namespace ccapi::domain
