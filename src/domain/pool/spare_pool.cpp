#include "domain/pool/spare_pool.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ccapi::domain {

namespace {

/// Requests fade from the rate with this time constant: long enough to see a trickle, short enough
/// to let a burst go.
constexpr double fade_seconds = 10;
/// Requests come in clumps.
constexpr double headroom = 1.5;
/// Beyond this, what nobody has asked for lately is forgotten first.
constexpr std::size_t kinds_remembered_max = 64;

double seconds(steady_time::duration span) noexcept {
  return std::chrono::duration<double>(span).count();
}

} // namespace

void spare_pool::note_demand(const process_kind& kind, tenant_prompt prompt, steady_time now) {
  if (demands_.size() >= kinds_remembered_max && !demands_.contains(kind))
    demands_.erase(
      std::min_element(demands_.begin(), demands_.end(),
                       [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
  auto& entry = demands_[kind];
  entry.rate = entry.rate * std::exp(-seconds(now - entry.last) / fade_seconds) + 1 / fade_seconds;
  entry.last = now;
  entry.prompts.note(std::move(prompt), now);
  entry.prompts.forget_before(now - limits_.kind_idle);
}

double spare_pool::rate_of(const process_kind& kind, steady_time now) const {
  const auto found = demands_.find(kind);
  return found == demands_.end()
           ? 0
           : found->second.rate * std::exp(-seconds(now - found->second.last) / fade_seconds);
}

void spare_pool::started(process_id process, const process_kind& kind, steady_time now) {
  spares_.push_back({process, kind, now});
}

bool spare_pool::ready(process_id process, steady_time now) {
  for (auto& each : spares_)
    if (each.process == process && !std::exchange(each.ready, true)) {
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - each.since);
      boot_time_ = (3 * boot_time_ + took) / 4;
      return true;
    }
  return false;
}

bool spare_pool::remove(process_id process) {
  return std::erase_if(spares_, [&](const spare& each) { return each.process == process; }) > 0;
}

std::optional<process_id> spare_pool::take(const process_kind& kind, const tenant_prompt& prompt) {
  const auto worth = [&](const spare& each) {
    if (each.kind != kind || (each.prompt && *each.prompt != prompt))
      return 0;
    return each.prompt ? 3 : each.ready ? 2 : 1;
  };
  const auto best =
    std::max_element(spares_.begin(), spares_.end(),
                     [&](const spare& a, const spare& b) { return worth(a) < worth(b); });
  if (best == spares_.end() || worth(*best) == 0)
    return std::nullopt;
  const auto process = best->process;
  spares_.erase(best);
  return process;
}

std::vector<spare_pool::priming_wish> spare_pool::to_prime(steady_time now) {
  std::vector<priming_wish> wishes;
  if (!limits_.prime)
    return wishes;
  for (auto& [kind, entry] : demands_) {
    entry.prompts.forget_before(now - limits_.kind_idle);
    const auto guess = entry.prompts.next();
    if (!guess.prompt)
      continue;
    const spare* untold = nullptr; // the oldest one
    std::size_t all = 0;
    std::size_t told = 0;
    for (const auto& each : spares_) {
      if (each.kind != kind)
        continue;
      ++all;
      if (each.prompt)
        ++told;
      else if (each.ready && untold == nullptr)
        untold = &each;
    }
    const auto share = static_cast<std::size_t>(guess.share * static_cast<double>(all));
    if (untold != nullptr && told < std::min(share, all - 1))
      wishes.push_back({untold->process, guess.prompt});
  }
  return wishes;
}

void spare_pool::primed(const priming_wish& what) {
  for (auto& each : spares_)
    if (each.process == what.process)
      each.prompt = what.prompt;
}

bool spare_pool::outdated(const spare& which) const {
  if (!which.prompt)
    return false;
  const auto found = demands_.find(which.kind);
  return !limits_.prime || found == demands_.end() || !found->second.prompts.find(*which.prompt);
}

std::size_t spare_pool::count(const process_kind& kind) const noexcept {
  return static_cast<std::size_t>(std::count_if(
    spares_.begin(), spares_.end(), [&](const spare& each) { return each.kind == kind; }));
}

std::size_t spare_pool::ready_count() const noexcept {
  return static_cast<std::size_t>(
    std::count_if(spares_.begin(), spares_.end(), [](const spare& each) { return each.ready; }));
}

std::vector<process_id> spare_pool::all() const {
  std::vector<process_id> processes;
  for (const auto& each : spares_)
    processes.push_back(each.process);
  return processes;
}

std::vector<process_id> spare_pool::all_primed() const {
  std::vector<process_id> processes;
  for (const auto& each : spares_)
    if (each.prompt)
      processes.push_back(each.process);
  return processes;
}

std::size_t spare_pool::target(const process_kind& kind, steady_time now) const {
  const auto found = demands_.find(kind);
  const bool in_use = kind == limits_.default_kind
                      || (found != demands_.end() && now - found->second.last <= limits_.kind_idle);
  if (!in_use)
    return 0;
  const auto coming =
    std::ceil(headroom * rate_of(kind, now) * std::chrono::duration<double>(boot_time_).count()
              - 0.1); // one request now and then is what the least is for
  const auto most = std::max(limits_.per_kind_max, limits_.per_kind_min);
  return std::min(most, limits_.per_kind_min + static_cast<std::size_t>(std::max(0.0, coming)));
}

std::vector<process_kind> spare_pool::kinds(steady_time now) const {
  std::vector<process_kind> found;
  for (const auto& [kind, entry] : demands_)
    found.push_back(kind);
  if (limits_.default_kind && !demands_.contains(*limits_.default_kind))
    found.push_back(*limits_.default_kind);
  std::sort(found.begin(), found.end(), [&](const process_kind& a, const process_kind& b) {
    const auto a_rate = rate_of(a, now);
    const auto b_rate = rate_of(b, now);
    return a_rate != b_rate ? a_rate > b_rate : a.model < b.model;
  });
  std::erase_if(found, [&](const process_kind& kind) { return target(kind, now) == 0; });
  return found;
}

std::optional<process_kind> spare_pool::wanted(steady_time now) const {
  // One boots at a time: a refill leaves room for work.
  if (spares_.size() >= limits_.total_max || spares_.size() > ready_count())
    return std::nullopt;
  const auto in_use = kinds(now);
  // First one for every kind, then the rest for those most asked for.
  for (const auto& kind : in_use)
    if (count(kind) == 0)
      return kind;
  for (const auto& kind : in_use)
    if (count(kind) < target(kind, now))
      return kind;
  return std::nullopt;
}

std::vector<process_id> spare_pool::late(steady_time now) const {
  std::vector<process_id> processes;
  for (const auto& each : spares_)
    if (!each.ready && now - each.since > limits_.boot_timeout)
      processes.push_back(each.process);
  return processes;
}

std::vector<process_id> spare_pool::surplus(steady_time now) const {
  std::vector<process_id> ending;
  std::unordered_map<process_kind, std::size_t, process_kind::hash> kept;
  std::size_t total = 0;
  for (const auto& each : spares_) {
    // A burst's spares stay until they are used or their kind is: ending them gains nothing but
    // memory, and starting them again costs.
    const auto most =
      target(each.kind, now) == 0 ? 0 : std::max(limits_.per_kind_max, limits_.per_kind_min);
    if (kept[each.kind] >= most || total >= limits_.total_max || outdated(each)) {
      ending.push_back(each.process);
      continue;
    }
    ++kept[each.kind];
    ++total;
  }
  return ending;
}

std::optional<process_id> spare_pool::sacrifice(steady_time now) const {
  const auto least =
    std::min_element(spares_.begin(), spares_.end(), [&](const spare& a, const spare& b) {
      return rate_of(a.kind, now) < rate_of(b.kind, now);
    });
  return least == spares_.end() ? std::nullopt : std::optional{least->process};
}

} // namespace ccapi::domain
