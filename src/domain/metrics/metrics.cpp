#include "domain/metrics/metrics.hpp"

namespace ccapi::domain {

namespace {

void add(std::uint64_t& sum, std::uint64_t part) noexcept {
  sum += part;
}

void add(duration_histogram& sum, const duration_histogram& part) noexcept {
  sum += part;
}

template <std::size_t Count>
void add(std::array<std::uint64_t, Count>& sum,
         const std::array<std::uint64_t, Count>& part) noexcept {
  for (std::size_t i = 0; i < Count; ++i)
    sum[i] += part[i];
}

metric::figure shown(std::uint64_t count) noexcept {
  return count;
}

metric::figure shown(const duration_histogram& times) noexcept {
  return &times;
}

template <std::size_t Count>
metric::figure shown(const std::array<std::uint64_t, Count>& counts) noexcept {
  return std::span<const std::uint64_t>{counts};
}

/// The first value of an enum.
template <class Label>
constexpr std::size_t first_of = 0;
template <>
constexpr std::size_t first_of<error_code> = 1;

template <class Label, std::size_t Count>
constexpr auto names_of_labels = [] {
  std::array<std::string_view, Count> names;
  for (std::size_t i = 0; i < Count; ++i)
    names[i] = to_string(static_cast<Label>(first_of<Label> + i));
  return names;
}();

#define CCAPI_READ(what) [](const stats& of) { return shown(what); }
#define CCAPI_COUNTER(member, group, name, unit, help)                                             \
  metric{group, name, {}, metric_kind::counter, unit, help, CCAPI_READ(of.member)},
#define CCAPI_GAUGE(member, group, name, unit, help)                                               \
  metric{group, name, {}, metric_kind::gauge, unit, help, CCAPI_READ(of.member)},
#define CCAPI_LABELLED(label, member, group, unit, help)                                           \
  metric{group,                                                                                    \
         {},                                                                                       \
         names_of_labels<label, label##_count>,                                                    \
         metric_kind::counter,                                                                     \
         unit,                                                                                     \
         help,                                                                                     \
         CCAPI_READ(of.member)},
#define CCAPI_TIMES(member, group, name, unit, help)                                               \
  metric{group, name, {}, metric_kind::histogram, unit, help, CCAPI_READ(of.member)},
#define CCAPI_SUM(first, second, group, name, unit, help)                                          \
  metric{group, name, {}, metric_kind::counter, unit, help, CCAPI_READ(of.first + of.second), true},

constexpr metric rows[] = {
  CCAPI_METRICS(CCAPI_COUNTER, CCAPI_GAUGE, CCAPI_LABELLED, CCAPI_TIMES, CCAPI_SUM)};

} // namespace

stats_details& stats_details::operator+=(const stats_details& part) {
  for (std::size_t route = 0; route < routes_max; ++route)
    add(routes[route], part.routes[route]);
  models += part.models;
  keys += part.keys;
  domain::add(recent, part.recent);
  domain::add(processes, part.processes);
  rate_limits.insert(rate_limits.end(), part.rate_limits.begin(), part.rate_limits.end());
  return *this;
}

stats& stats::operator+=(const stats& part) {
#define CCAPI_ADD(member, ...) add(member, part.member);
#define CCAPI_ADD_LABELLED(label, member, ...) add(member, part.member);
#define CCAPI_NOTHING(...)
  CCAPI_METRICS(CCAPI_ADD, CCAPI_ADD, CCAPI_ADD_LABELLED, CCAPI_ADD, CCAPI_NOTHING)
  details += part.details;
  return *this;
}

std::string_view to_string(metric_kind kind) noexcept {
  switch (kind) {
  case metric_kind::counter:
    return "counter";
  case metric_kind::gauge:
    return "gauge";
  case metric_kind::histogram:
    return "histogram";
  }
  return "counter";
}

std::span<const metric> metrics() noexcept {
  return rows;
}

} // namespace ccapi::domain
