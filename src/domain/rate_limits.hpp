#pragma once
// rate_limits: what the CLI has told of the account's limits, and what that means for new turns.

#include "domain/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::domain {

enum class rate_limit_status : std::uint8_t { allowed, warning, rejected };

/// "allowed", "allowed_warning", "rejected".
std::string_view to_string(rate_limit_status status) noexcept;

/// One limit of the account, as it was told last.
struct rate_limit {
  std::string type; ///< "five_hour", "seven_day", "seven_day_opus", ...
  rate_limit_status status = rate_limit_status::allowed;
  bool overage = false;                ///< beyond it, the account goes on for extra money
  std::optional<double> utilization{}; ///< 0 to 1, or more
  std::optional<wall_time> resets_at{};

  friend bool operator==(const rate_limit&, const rate_limit&) = default;
};

/// The limit stops turns of this model until it resets. One whose reset is not known or more than
/// eight days away, and one that the account goes beyond, stop nothing; nor do limits that are not
/// known to concern the model. Pure.
bool stops(const rate_limit& limit, std::string_view model, wall_time now) noexcept;

/// Shared by all I/O threads; any thread. Of one account: forget() when it may be another.
class rate_limits {
public:
  static constexpr std::size_t types_max = 16;

  /// A line of the CLI's has told. Of new types beyond `types_max` no notice is taken.
  void note(const rate_limit& told);
  /// When turns of this model go on: the last reset of the limits that stop them. Nothing: they are
  /// not stopped.
  [[nodiscard]] std::optional<wall_time> stopped_until(std::string_view model, wall_time now) const;
  /// In the order in which they were told first.
  [[nodiscard]] std::vector<rate_limit> all() const;
  void forget();

private:
  mutable std::mutex mutex_;
  std::vector<rate_limit> limits_;
};

} // namespace ccapi::domain
