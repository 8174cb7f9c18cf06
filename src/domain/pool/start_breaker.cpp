#include "domain/pool/start_breaker.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::domain {

bool start_breaker::allows(steady_time now) {
  if (!open_until_)
    return true;
  if (now < *open_until_)
    return false;
  trial_runs_ = true;
  open_until_ = now + limits_.pause;
  return true;
}

void start_breaker::succeeded() {
  failures_.clear();
  open_until_.reset();
  next_pause_ = {};
  trial_runs_ = false;
}

void start_breaker::failed(steady_time now, double chance) {
  failures_.push_back(now);
  while (failures_.front() + limits_.period < now || failures_.size() > limits_.failures_max)
    failures_.pop_front();
  const bool trial_failed = std::exchange(trial_runs_, false);
  if (open_until_ ? !trial_failed : failures_.size() < limits_.failures_max)
    return; // a straggler of before, or still few
  const auto pause = std::clamp(next_pause_, limits_.pause, limits_.pause_max);
  next_pause_ = pause * 2;
  const auto extra = static_cast<double>(pause.count()) * 0.25 * chance;
  open_until_ = now + pause + std::chrono::milliseconds{static_cast<std::int64_t>(extra)};
}

std::chrono::milliseconds start_breaker::retry_after(steady_time now) const {
  if (!open_until_)
    return {};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*open_until_ - now);
  return std::max(left, std::chrono::milliseconds{1000}); // a trial is due
}

} // namespace ccapi::domain
