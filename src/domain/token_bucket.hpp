#pragma once
// token_bucket: so many events a minute, with a minute's worth at once after a quiet time. Pure.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace ccapi::domain {

/// Not thread-safe. The rate is given with each call, so that it may be changed at any time.
class token_bucket {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes a token. Nothing: there was one; else how long until there is one again.
  /// `per_minute` >= 1.
  std::optional<std::chrono::milliseconds> take(std::uint32_t per_minute, time_point now) {
    refill(per_minute, now);
    if (tokens_ >= 1) {
      tokens_ -= 1;
      return {};
    }
    const auto missing_ms = (1 - tokens_) * minute_ms / per_minute;
    return std::chrono::milliseconds{static_cast<std::int64_t>(missing_ms) + 1};
  }

  /// Whole tokens left, as of the last call of take.
  [[nodiscard]] std::uint32_t left() const noexcept { return static_cast<std::uint32_t>(tokens_); }

  /// True if nothing was taken for so long that the bucket is as good as new.
  [[nodiscard]] bool full_at(time_point now) const noexcept {
    return now - filled_ >= std::chrono::minutes{1};
  }

private:
  static constexpr double minute_ms = 60'000;

  void refill(std::uint32_t per_minute, time_point now) {
    const double capacity = per_minute;
    if (filled_ == time_point{}) {
      tokens_ = capacity;
    } else if (now > filled_) {
      const auto passed = std::chrono::duration<double, std::milli>{now - filled_}.count();
      tokens_ = std::min(capacity, tokens_ + passed * capacity / minute_ms);
    }
    filled_ = std::max(now, filled_);
  }

  double tokens_ = 0;
  time_point filled_{};
};

} // namespace ccapi::domain
