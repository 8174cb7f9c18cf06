#include "domain/daily_spending.hpp"

namespace ccapi::domain {

namespace {

std::chrono::sys_days day_of(wall_time now) noexcept {
  return std::chrono::floor<std::chrono::days>(now);
}

} // namespace

void daily_spending::add(std::string_view name, std::int64_t micro_usd, wall_time now) {
  if (micro_usd <= 0)
    return;
  const std::lock_guard lock{mutex_};
  auto found = entries_.find(name);
  if (found == entries_.end())
    found = entries_.try_emplace(std::string{name}).first;
  auto& spent = found->second;
  if (const auto day = day_of(now); spent.day != day)
    spent = {.day = day, .micro_usd = 0};
  spent.micro_usd += micro_usd;
}

std::int64_t daily_spending::today(std::string_view name, wall_time now) const {
  const std::lock_guard lock{mutex_};
  const auto found = entries_.find(name);
  return found != entries_.end() && found->second.day == day_of(now) ? found->second.micro_usd : 0;
}

std::chrono::milliseconds time_left_today(wall_time now) noexcept {
  const auto midnight = day_of(now) + std::chrono::days{1};
  return std::chrono::ceil<std::chrono::milliseconds>(midnight - now);
}

} // namespace ccapi::domain
