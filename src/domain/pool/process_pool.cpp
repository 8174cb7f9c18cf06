#include "domain/pool/process_pool.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace ccapi::domain {

process_pool::admission process_pool::request(process_wish wish, steady_time now) {
  // Nobody overtakes: a free slot while others wait belongs to them.
  if (live_ < limits_.processes_max && waiting_ == 0) {
    ++live_;
    return {verdict::spawn};
  }
  admission made{verdict::wait};
  const bool returns = wish.waiting_since.has_value();
  if (waiting_ >= limits_.queue_max && !returns) {
    const auto longest =
      std::max_element(lines_.begin(), lines_.end(), [](const auto& left, const auto& right) {
        return left.second.waiters.size() < right.second.waiters.size();
      });
    const auto own = lines_.find(wish.tenant);
    const auto places = own == lines_.end() ? 0 : own->second.waiters.size();
    if (longest == lines_.end() || longest->second.waiters.size() <= places + 1)
      return {verdict::refuse};
    const auto last = longest->second.waiters.size() - 1;
    made.displaced = longest->second.waiters[last].wish.lease;
    take_out(longest, last);
  }
  const auto [place, is_new] = lines_.try_emplace(wish.tenant);
  if (is_new) {
    const auto kept = ahead_.find(wish.tenant);
    place->second.round = kept == ahead_.end() ? round_ : std::max(round_, kept->second);
  }
  auto& [waiters, round, passed_over] = place->second;
  if (returns && round > 0)
    --round;
  const auto since = wish.waiting_since.value_or(now);
  const auto behind = returns
                        ? std::find_if(waiters.begin(), waiters.end(),
                                       [&](const waiter& each) { return each.since >= since; })
                        : waiters.end();
  waiters.insert(
    behind, {std::move(wish), since, since + limits_.queue_timeout, returns ? 0 : ++arrivals_});
  ++waiting_;
  return made;
}

std::optional<lease_id> process_pool::slot_freed() {
  if (live_ > 0)
    --live_;
  return next_waiter();
}

std::optional<lease_id> process_pool::next_waiter() {
  if (waiting_ == 0 || live_ >= limits_.processes_max)
    return std::nullopt;
  ++live_;
  return serve(lines_.find(next_line()->first), 0);
}

std::optional<lease_id> process_pool::lead_back(const process_origin& origin) {
  constexpr std::size_t slots_per_turn_ahead = 4;
  if (live_ > limits_.processes_max)
    return std::nullopt; // it is one too many
  for (auto each = lines_.begin(); each != lines_.end(); ++each) {
    auto& [tenant, waiting] = *each;
    const auto found =
      std::find_if(waiting.waiters.begin(), waiting.waiters.end(), [&](const waiter& entry) {
        return entry.wish.fresh && entry.wish.origin == origin;
      });
    if (found == waiting.waiters.end())
      continue;
    const auto which = static_cast<std::size_t>(found - waiting.waiters.begin());
    if (waiting.round > next_line()->second.round + limits_.processes_max / slots_per_turn_ahead
        || (which > 0 && waiting.passed_over >= limits_.processes_max))
      return std::nullopt;
    if (which > 0)
      ++waiting.passed_over;
    return serve(each, which);
  }
  return std::nullopt;
}

const process_wish* process_pool::next_wish() const {
  return waiting_ == 0 ? nullptr : &next_line()->second.waiters.front().wish;
}

bool process_pool::better_waits(std::size_t processes_of_his, std::chrono::milliseconds turn,
                                std::chrono::milliseconds boot) const {
  if (waiting_ == 0 || processes_of_his == 0 || turn.count() == 0)
    return false;
  const auto& waiters = next_line()->second.waiters;
  const auto& his = waiters.front().wish;
  const auto same =
    static_cast<std::size_t>(std::count_if(waiters.begin(), waiters.end(), [&](const waiter& each) {
      return each.wish.fresh && each.wish.origin == his.origin;
    }));
  const auto turns_each = (same + processes_of_his - 1) / processes_of_his;
  return his.fresh && turn * turns_each <= boot;
}

/// The one that is furthest behind; of several, the one whose first waiter came first.
process_pool::lines::const_iterator process_pool::next_line() const {
  return std::min_element(lines_.begin(), lines_.end(), [](const auto& left, const auto& right) {
    const auto rank = [](const line& of) {
      const auto& first = of.waiters.front();
      return std::tuple{of.round, first.since, first.arrival};
    };
    return rank(left.second) < rank(right.second);
  });
}

lease_id process_pool::serve(lines::iterator from, std::size_t which) {
  const auto lease = from->second.waiters[which].wish.lease;
  round_ = std::max(round_, from->second.round);
  ++from->second.round;
  take_out(from, which);
  std::erase_if(ahead_, [this](const auto& entry) { return entry.second <= round_; });
  return lease;
}

void process_pool::take_out(lines::iterator from, std::size_t which) {
  auto& [tenant, waiting] = *from;
  waiting.waiters.erase(waiting.waiters.begin() + static_cast<std::ptrdiff_t>(which));
  --waiting_;
  if (which == 0)
    waiting.passed_over = 0;
  if (!waiting.waiters.empty())
    return;
  if (waiting.round > round_)
    ahead_[tenant] = waiting.round; // or whoever never waits twice at a time would always be first
  lines_.erase(from);
}

bool process_pool::take_free_slot() {
  if (live_ >= limits_.processes_max || waiting_ > 0)
    return false;
  ++live_;
  return true;
}

bool process_pool::withdraw(lease_id lease) {
  for (auto each = lines_.begin(); each != lines_.end(); ++each) {
    const auto& waiters = each->second.waiters;
    const auto found = std::find_if(waiters.begin(), waiters.end(),
                                    [&](const waiter& entry) { return entry.wish.lease == lease; });
    if (found == waiters.end())
      continue;
    take_out(each, static_cast<std::size_t>(found - waiters.begin()));
    return true;
  }
  return false;
}

std::vector<lease_id> process_pool::expired(steady_time now) {
  std::vector<const waiter*> late;
  // Not in order of deadlines where the time to wait was changed in between.
  for (const auto& [tenant, waiting] : lines_)
    for (const auto& entry : waiting.waiters)
      if (entry.deadline <= now)
        late.push_back(&entry);
  std::sort(late.begin(), late.end(), [](const waiter* left, const waiter* right) {
    return std::pair{left->since, left->arrival} < std::pair{right->since, right->arrival};
  });
  std::vector<lease_id> leases;
  leases.reserve(late.size());
  for (const auto* entry : late)
    leases.push_back(entry->wish.lease);
  for (const auto lease : leases)
    withdraw(lease);
  return leases;
}

std::optional<steady_time> process_pool::next_deadline() const {
  std::optional<steady_time> next;
  for (const auto& [tenant, waiting] : lines_)
    for (const auto& entry : waiting.waiters)
      next = std::min(next.value_or(entry.deadline), entry.deadline);
  return next;
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

void recent_duration::note(steady_time::duration one) noexcept {
  if (one < steady_time::duration::zero())
    return;
  constexpr int weight = 4;
  const auto given = std::chrono::ceil<std::chrono::milliseconds>(one);
  value_ = value_.count() == 0 ? given : value_ + (given - value_) / weight;
}

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

namespace {

/// The `count` that have been as they are for longest, longest first.
std::vector<process_id> longest(std::vector<idle_report> reports, std::size_t count) {
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

} // namespace

std::vector<process_id> longest_idle(std::vector<idle_report> reports, std::size_t count) {
  std::erase_if(reports, [](const idle_report& report) { return !report.idle; });
  return longest(std::move(reports), count);
}

std::vector<process_id> longest_parked(std::vector<idle_report> reports, std::size_t count,
                                       steady_time now, steady_time::duration patience) {
  std::erase_if(reports, [&](const idle_report& report) {
    return !report.parked || now - report.idle_since < patience;
  });
  return longest(std::move(reports), count);
}

std::optional<steady_time> first_parked_until(const std::vector<idle_report>& reports,
                                              steady_time::duration patience) {
  std::optional<steady_time> first;
  for (const auto& report : reports)
    if (report.parked && (!first || report.idle_since + patience < *first))
      first = report.idle_since + patience;
  return first;
}

} // namespace ccapi::domain
