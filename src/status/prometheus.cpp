#include "status/prometheus.hpp"

#include "json/writer.hpp"
#include "status/health_body.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

namespace ccapi::status {

namespace {

using domain::metric;
using domain::metric_kind;

constexpr std::string_view micro_usd = "micro-USD";

/// Buckets end below these powers of two in microseconds: 0.25 ms to 134 s.
constexpr std::size_t first_power = 8;
constexpr std::size_t last_power = 27;

void append_escaped(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    if (c == '\\' || (quoted && c == '"'))
      out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
}

/// One family: HELP and TYPE first, then its samples.
class family {
public:
  family(std::string& out, std::string name, metric_kind kind, std::string_view unit,
         std::string_view help)
    : out_{out},
      name_{std::move(name)} {
    out_.append("# HELP ").append(name_) += ' ';
    const auto from = out_.size();
    if (help.find(unit) == std::string_view::npos) { // else it says so itself
      append_escaped(out_, unit, false);
      out_ += ' ';
    }
    append_escaped(out_, help, false);
    if (out_[from] >= 'a' && out_[from] <= 'z')
      out_[from] = static_cast<char>(out_[from] - 'a' + 'A');
    out_.append(".\n# TYPE ").append(name_) += ' ';
    out_.append(to_string(kind)) += '\n';
  }

  using label = std::pair<std::string_view, std::string_view>;

  /// The sample's value is to be appended.
  std::string& sample(std::initializer_list<label> labels = {}, std::string_view suffix = {}) {
    out_.append(name_).append(suffix);
    char before = '{';
    for (const auto& [key, text] : labels) {
      (out_ += before).append(key) += "=\"";
      append_escaped(out_, text, true);
      out_ += '"';
      before = ',';
    }
    out_ += before == ',' ? "} " : " ";
    return out_;
  }
  void count(std::uint64_t value, std::initializer_list<label> labels = {},
             std::string_view suffix = {}) {
    json::append_integer(sample(labels, suffix), value);
    out_ += '\n';
  }
  /// `millionths` of the unit.
  void amount(std::uint64_t millionths, std::initializer_list<label> labels = {},
              std::string_view suffix = {}) {
    json::append_millionths(sample(labels, suffix), static_cast<std::int64_t>(millionths));
    out_ += '\n';
  }

private:
  std::string& out_;
  std::string name_;
};

void append_times(family& out, const domain::duration_histogram& times) {
  for (auto power = first_power; power <= last_power; ++power) {
    std::string end;
    json::append_millionths(end, (std::int64_t{1} << power) - 1);
    out.count(times.below(power), {{"le", end}}, "_bucket");
  }
  out.count(times.count(), {{"le", "+Inf"}}, "_bucket");
  out.amount(static_cast<std::uint64_t>(times.sum().count()), {}, "_sum");
  out.count(times.count(), {}, "_count");
}

/// What tells the counters of a group apart.
std::string_view label_of(std::string_view group) noexcept {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> names{
    {{"matches", "match"}, {"answers", "status"}, {"errors", "code"}}};
  for (const auto& [known, label] : names)
    if (known == group)
      return label;
  return "outcome";
}

std::string name_of(const metric& row) {
  std::string name = "ccapi_";
  if (row.kind == metric_kind::histogram) // of the group's only kind
    return name.append("turn_").append(row.name) += "_seconds";
  name += row.group;
  if (row.unit == micro_usd)
    return name += "_usd_total";
  if (!row.name.empty())
    (name += '_') += row.name;
  if (row.kind == metric_kind::counter)
    name += "_total";
  return name;
}

void append_row(std::string& out, const metric& row, const metric::figure& shown) {
  const bool dollars = row.unit == micro_usd;
  const bool times = row.kind == metric_kind::histogram;
  family made{out, name_of(row), row.kind,
              dollars ? "US dollars"
              : times ? "seconds"
                      : row.unit,
              row.help};
  if (const auto* number = std::get_if<std::uint64_t>(&shown)) {
    dollars ? made.amount(*number) : made.count(*number);
  } else if (const auto* numbers = std::get_if<std::span<const std::uint64_t>>(&shown)) {
    for (std::size_t i = 0; i < numbers->size(); ++i)
      made.count((*numbers)[i], {{label_of(row.group), row.labels[i]}});
  } else if (const auto* histogram = std::get_if<const domain::duration_histogram*>(&shown)) {
    append_times(made, **histogram);
  }
}

void append_routes(std::string& out, const domain::stats_details& details,
                   std::span<const std::string_view> names) {
  family made{out, "ccapi_http_answers_total", metric_kind::counter, "answers",
              "of the server, by route and status"};
  for (std::size_t route = 0; route < std::min(names.size(), details.routes.size()); ++route)
    for (std::size_t status = 0; status < domain::status_class_count; ++status)
      if (!names[route].empty() && details.routes[route][status] > 0)
        made.count(details.routes[route][status],
                   {{"route", names[route]},
                    {"status", to_string(static_cast<domain::status_class>(status))}});
}

void append_models(std::string& out, const domain::usage_by_name& models) {
  struct column {
    std::string_view name;
    std::string_view unit;
    std::string_view help;
    std::uint64_t domain::usage_figures::*figure;
  };
  constexpr std::array<column, 4> columns{
    {{"turns", "turns", "answered to the end, by model", &domain::usage_figures::turns},
     {"prompt_tokens", "tokens", "read, by model", &domain::usage_figures::prompt_tokens},
     {"completion_tokens", "tokens", "written, by model",
      &domain::usage_figures::completion_tokens},
     {"cost_usd", "US dollars", "as the CLI reckons, by model",
      &domain::usage_figures::cost_micro_usd}}};
  for (const auto& each : columns) {
    family made{out, "ccapi_model_" + std::string{each.name} + "_total", metric_kind::counter,
                each.unit, each.help};
    for (const auto& [model, figures] : models.entries())
      each.figure == &domain::usage_figures::cost_micro_usd
        ? made.amount(figures.*each.figure, {{"model", model}})
        : made.count(figures.*each.figure, {{"model", model}});
  }
}

void append_limits(std::string& out, const std::vector<domain::rate_limit>& limits) {
  family used{out,
              "ccapi_rate_limit_utilization_ratio",
              metric_kind::gauge,
              {},
              "how much of a limit of the account is used up, as the CLI told last"};
  for (const auto& each : limits)
    if (each.utilization)
      used.amount(static_cast<std::uint64_t>(std::llround(*each.utilization * 1e6)),
                  {{"type", each.type}});
  family rejected{out,
                  "ccapi_rate_limit_rejected",
                  metric_kind::gauge,
                  {},
                  "1 where the CLI told last that the limit is used up"};
  for (const auto& each : limits)
    rejected.count(each.status == domain::rate_limit_status::rejected ? 1 : 0,
                   {{"type", each.type}});
  family resets{out,
                "ccapi_rate_limit_reset_timestamp_seconds",
                metric_kind::gauge,
                {},
                "when a limit of the account resets, since 1970"};
  for (const auto& each : limits)
    if (each.resets_at)
      resets.count(
        static_cast<std::uint64_t>(
          std::chrono::floor<std::chrono::seconds>(each.resets_at->time_since_epoch()).count()),
        {{"type", each.type}});
}

void append_state(std::string& out, const domain::stats& figures, const exposed_facts& facts) {
  family{out, "ccapi_info", metric_kind::gauge, {}, "versions; always 1"}.count(
    1, {{"version", facts.version}, {"cli_version", facts.health.cli_version}});
  family health{out, "ccapi_health", metric_kind::gauge, {}, "1 for the state that /health tells"};
  for (const auto state :
       {domain::health_state::ok, domain::health_state::degraded, domain::health_state::draining})
    health.count(state == facts.health.state ? 1 : 0, {{"state", to_string(state)}});
  std::uint64_t resident = 0;
  for (const auto& each : figures.details.processes)
    resident += each.resident_bytes;
  family{out, "ccapi_processes_resident_bytes", metric_kind::gauge, "bytes",
         "that processes hold, the sum of their resident sets"}
    .count(resident);
}

} // namespace

std::string prometheus_text(const domain::stats& figures, const exposed_facts& facts) {
  constexpr std::size_t usual_bytes = std::size_t{24} << 10;
  std::string out;
  out.reserve(usual_bytes);
  append_state(out, figures, facts);
  for (const auto& row : domain::metrics())
    if (!row.derived)
      append_row(out, row, row.read(figures));
  append_routes(out, figures.details, facts.routes);
  append_models(out, figures.details.models);
  append_limits(out, figures.details.rate_limits);
  return out;
}

} // namespace ccapi::status
