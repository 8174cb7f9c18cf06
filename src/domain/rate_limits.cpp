#include "domain/rate_limits.hpp"

#include <algorithm>
#include <chrono>

namespace ccapi::domain {

std::string_view to_string(rate_limit_status status) noexcept {
  switch (status) {
  case rate_limit_status::allowed:
    return "allowed";
  case rate_limit_status::warning:
    return "allowed_warning";
  case rate_limit_status::rejected:
    return "rejected";
  }
  return "allowed";
}

namespace {

bool concerns(std::string_view type, std::string_view model) noexcept {
  constexpr std::string_view of_a_family = "seven_day_";
  if (type == "five_hour" || type == "seven_day")
    return true;
  return type.size() > of_a_family.size() && type.starts_with(of_a_family)
         && model.find(type.substr(of_a_family.size())) != std::string_view::npos;
}

} // namespace

bool stops(const rate_limit& limit, std::string_view model, wall_time now) noexcept {
  constexpr std::chrono::days wait_max{8};
  return limit.status == rate_limit_status::rejected && !limit.overage && limit.resets_at
         && *limit.resets_at > now && *limit.resets_at - now <= wait_max
         && concerns(limit.type, model);
}

void rate_limits::note(const rate_limit& told) {
  if (told.type.empty())
    return;
  const std::lock_guard lock{mutex_};
  const auto known = std::find_if(limits_.begin(), limits_.end(),
                                  [&](const rate_limit& each) { return each.type == told.type; });
  if (known != limits_.end())
    *known = told;
  else if (limits_.size() < types_max)
    limits_.push_back(told);
}

std::optional<wall_time> rate_limits::stopped_until(std::string_view model, wall_time now) const {
  const std::lock_guard lock{mutex_};
  std::optional<wall_time> until;
  for (const auto& each : limits_)
    if (stops(each, model, now))
      until = std::max(until.value_or(*each.resets_at), *each.resets_at);
  return until;
}

std::vector<rate_limit> rate_limits::all() const {
  const std::lock_guard lock{mutex_};
  return limits_;
}

void rate_limits::forget() {
  const std::lock_guard lock{mutex_};
  limits_.clear();
}

} // namespace ccapi::domain
