#pragma once
// daily_spending: what each API key has cost today. A day ends at midnight, UTC.

#include "domain/clock.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// Shared by all I/O threads; any thread. In memory only: a restart forgets. Holds one entry per
/// name, of which there are as many as keys.
class daily_spending {
public:
  /// Millionths of a US dollar.
  void add(std::string_view name, std::int64_t micro_usd, wall_time now);
  [[nodiscard]] std::int64_t today(std::string_view name, wall_time now) const;

private:
  struct entry {
    std::chrono::sys_days day{};
    std::int64_t micro_usd = 0;
  };

  mutable std::mutex mutex_;
  std::map<std::string, entry, std::less<>> entries_;
};

/// Until the day ends; at least a millisecond.
std::chrono::milliseconds time_left_today(wall_time now) noexcept;

} // namespace ccapi::domain
