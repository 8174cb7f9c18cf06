#include "domain/metrics/turn_times.hpp"

namespace ccapi::domain {

std::string_view to_string(turn_time which) noexcept {
  constexpr std::array<std::string_view, turn_time_count> names{"wait", "boot", "setup", "first",
                                                                "total"};
  return names[static_cast<std::size_t>(which)];
}

duration_window::duration_window(std::chrono::minutes length)
  : step_length_{steady_time::duration{length} / static_cast<steady_time::rep>(steps)},
    steps_(steps) {}

void duration_window::add(std::chrono::microseconds took, steady_time now) noexcept {
  const auto number = number_at(now);
  auto& current = steps_[static_cast<std::size_t>(number) % steps];
  if (current.number != number)
    current = {.number = number, .times = {}};
  current.times.add(took);
}

duration_histogram duration_window::all(steady_time now) const noexcept {
  const auto newest = number_at(now);
  duration_histogram sum;
  for (const auto& each : steps_)
    if (each.number >= 0 && each.number + static_cast<std::int64_t>(steps) > newest)
      sum += each.times;
  return sum;
}

turn_times::turn_times() {
  windows_.reserve(turn_time_count * lengths.size());
  for (std::size_t which = 0; which < turn_time_count; ++which)
    for (const auto length : lengths)
      windows_.emplace_back(std::chrono::minutes{length});
}

void turn_times::add(turn_time which, std::chrono::microseconds took, steady_time now) noexcept {
  const auto first = static_cast<std::size_t>(which) * lengths.size();
  for (std::size_t length = 0; length < lengths.size(); ++length)
    windows_[first + length].add(took, now);
}

std::vector<recent_times> turn_times::recent(steady_time now) const {
  std::vector<recent_times> made(lengths.size());
  for (std::size_t length = 0; length < lengths.size(); ++length) {
    made[length].minutes = lengths[length];
    for (std::size_t which = 0; which < turn_time_count; ++which)
      made[length].of[which] = windows_[which * lengths.size() + length].all(now);
  }
  return made;
}

void add(std::vector<recent_times>& sum, const std::vector<recent_times>& part) {
  if (sum.empty()) {
    sum = part;
    return;
  }
  for (std::size_t i = 0; i < sum.size() && i < part.size(); ++i)
    for (std::size_t which = 0; which < turn_time_count; ++which)
      sum[i].of[which] += part[i].of[which];
}

} // namespace ccapi::domain
