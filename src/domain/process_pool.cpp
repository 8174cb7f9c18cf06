#include "domain/process_pool.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::domain {

process_pool::verdict process_pool::request(lease_id lease, steady_time now) {
  // Nobody overtakes: a free slot while others wait belongs to them.
  if (live_ < limits_.processes_max && waiting_.empty()) {
    ++live_;
    return verdict::spawn;
  }
  if (waiting_.size() >= limits_.queue_max)
    return verdict::refuse;
  waiting_.push_back({lease, now + limits_.queue_timeout});
  return verdict::wait;
}

std::optional<lease_id> process_pool::slot_freed() {
  if (live_ > 0)
    --live_;
  return next_waiter();
}

std::optional<lease_id> process_pool::next_waiter() {
  if (waiting_.empty() || live_ >= limits_.processes_max)
    return std::nullopt;
  const auto lease = waiting_.front().lease;
  waiting_.pop_front();
  ++live_;
  return lease;
}

bool process_pool::take_free_slot() {
  if (live_ >= limits_.processes_max || !waiting_.empty())
    return false;
  ++live_;
  return true;
}

bool process_pool::withdraw(lease_id lease) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const waiter& entry) { return entry.lease == lease; });
  if (found == waiting_.end())
    return false;
  waiting_.erase(found);
  return true;
}

std::vector<lease_id> process_pool::expired(steady_time now) {
  std::vector<lease_id> late;
  // Not in order of deadlines where the time to wait was changed in between.
  std::erase_if(waiting_, [&](const waiter& entry) {
    if (entry.deadline > now)
      return false;
    late.push_back(entry.lease);
    return true;
  });
  return late;
}

std::optional<steady_time> process_pool::next_deadline() const {
  if (waiting_.empty())
    return std::nullopt;
  return std::min_element(
           waiting_.begin(), waiting_.end(),
           [](const waiter& left, const waiter& right) { return left.deadline < right.deadline; })
    ->deadline;
}

namespace {

constexpr std::chrono::seconds short_rest{3};
constexpr std::chrono::minutes long_rest{2};

/// The first by `rank` of those that have rested for `rest`.
template <class Rest, class Rank>
std::optional<process_id> first_rested(const std::vector<idle_report>& reports, steady_time now,
                                       Rest rest, Rank rank) {
  const idle_report* chosen = nullptr;
  for (const auto& report : reports)
    if (report.idle && now - report.idle_since >= rest(report)
        && (chosen == nullptr || rank(report) < rank(*chosen)))
      chosen = &report;
  return chosen == nullptr ? std::nullopt : std::optional{chosen->process};
}

} // namespace

std::optional<process_id> longest_rested(const std::vector<idle_report>& reports, steady_time now) {
  return first_rested(
    reports, now, [](const idle_report&) { return short_rest; },
    [](const idle_report& report) { return report.idle_since; });
}

std::optional<process_id> expendable(const std::vector<idle_report>& reports, steady_time now) {
  // A dialogue of one turn is most often one that never gets a second.
  return first_rested(
    reports, now,
    [](const idle_report& report) -> steady_time::duration {
      return report.turns > 1 ? steady_time::duration{long_rest} : short_rest;
    },
    [](const idle_report& report) {
      return std::pair{report.turns > 1, report.idle_since};
    });
}

std::vector<process_id> longest_idle(std::vector<idle_report> reports, std::size_t count) {
  std::erase_if(reports, [](const idle_report& report) { return !report.idle; });
  std::sort(reports.begin(), reports.end(), [](const idle_report& left, const idle_report& right) {
    return left.idle_since < right.idle_since;
  });
  if (reports.size() > count)
    reports.resize(count);
  std::vector<process_id> chosen;
  chosen.reserve(reports.size());
  for (const auto& report : reports)
    chosen.push_back(report.process);
  return chosen;
}

} // namespace ccapi::domain
