#include "claude/rate_limit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace ccapi::claude {

namespace {

constexpr std::size_t type_bytes_max = 64;
constexpr double utilization_max = 100;
/// The year 2200: what is beyond does not fit into a wall_time for sure.
constexpr std::int64_t unix_seconds_max = 7'258'118'400;

domain::rate_limit_status status_of(std::string_view word) noexcept {
  if (word == "rejected")
    return domain::rate_limit_status::rejected;
  return word == "allowed_warning" ? domain::rate_limit_status::warning
                                   : domain::rate_limit_status::allowed;
}

} // namespace

domain::rate_limit rate_limit_of(const rate_limit_event& line) {
  domain::rate_limit made{.type = std::string{line.kind.substr(0, type_bytes_max)},
                          .status = status_of(line.status),
                          .overage = line.uses_overage};
  if (line.utilization && std::isfinite(*line.utilization))
    made.utilization = std::clamp(*line.utilization, 0.0, utilization_max);
  if (line.resets_at && *line.resets_at > 0)
    made.resets_at =
      domain::wall_time{std::chrono::seconds{std::min(*line.resets_at, unix_seconds_max)}};
  return made;
}

} // namespace ccapi::claude
