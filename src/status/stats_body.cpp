#include "status/stats_body.hpp"

#include "json/object_writer.hpp"
#include "json/writer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

namespace ccapi::status {

namespace {

using json::object_writer;

void append_times(std::string& out, const domain::duration_histogram& times) {
  object_writer entry{out};
  entry.count("count", times.count());
  json::append_milliseconds(entry.key("p50_ms"), times.quantile(0.5));
  json::append_milliseconds(entry.key("p99_ms"), times.quantile(0.99));
  json::append_milliseconds(entry.key("max_ms"), times.longest());
  entry.close();
}

void append_figure(object_writer& group, const domain::metric& row,
                   const domain::metric::figure& shown) {
  if (const auto* count = std::get_if<std::uint64_t>(&shown))
    group.count(row.name, *count);
  else if (const auto* counts = std::get_if<std::span<const std::uint64_t>>(&shown))
    for (std::size_t i = 0; i < counts->size(); ++i)
      group.count(row.labels[i], (*counts)[i]);
  else if (const auto* times = std::get_if<const domain::duration_histogram*>(&shown))
    append_times(group.key(row.name), **times);
}

/// A member whose name comes from outside.
std::string& append_key(std::string& out, std::string_view name) {
  if (out.back() != '{')
    out += ',';
  json::append_string(out, name);
  return out += ':';
}

void append_recent(std::string& out, const std::vector<domain::recent_times>& windows) {
  object_writer list{out};
  for (const auto& window : windows) {
    object_writer times{list.key(std::to_string(window.minutes) + "m")};
    for (std::size_t i = 0; i < domain::turn_time_count; ++i) {
      const auto which = static_cast<domain::turn_time>(i);
      append_times(times.key(to_string(which)), window[which]);
    }
    times.close();
  }
  list.close();
}

void append_routes(std::string& out, const domain::stats_details& details,
                   std::span<const std::string_view> names) {
  object_writer list{out};
  for (std::size_t route = 0; route < std::min(names.size(), details.routes.size()); ++route) {
    if (names[route].empty())
      continue;
    object_writer answers{list.key(names[route])};
    for (std::size_t status = 0; status < domain::status_class_count; ++status)
      answers.count(to_string(static_cast<domain::status_class>(status)),
                    details.routes[route][status]);
    answers.close();
  }
  list.close();
}

void append_usage(std::string& out, const domain::usage_by_name& usage) {
  out += '{';
  for (const auto& [name, figures] : usage.entries())
    object_writer{append_key(out, name)}
      .count("turns", figures.turns)
      .count("prompt_tokens", figures.prompt_tokens)
      .count("completion_tokens", figures.completion_tokens)
      .count("cost_micro_usd", figures.cost_micro_usd)
      .close();
  out += '}';
}

void append_limits(std::string& out, const std::vector<domain::rate_limit>& limits) {
  using std::chrono::floor;
  using std::chrono::seconds;
  out += '{';
  for (const auto& each : limits) {
    object_writer entry{append_key(out, each.type)};
    entry.text("status", to_string(each.status)).flag("overage", each.overage);
    auto& utilization = entry.key("utilization");
    if (each.utilization)
      json::append_millionths(utilization, std::llround(*each.utilization * 1e6));
    else
      utilization += "null";
    auto& reset = entry.key("resets_at");
    if (each.resets_at)
      json::append_integer(reset, floor<seconds>(each.resets_at->time_since_epoch()).count());
    else
      reset += "null";
    entry.close();
  }
  out += '}';
}

void append_processes(std::string& out, const std::vector<domain::process_line>& processes) {
  out += '[';
  for (const auto& each : processes) {
    if (&each != &processes.front())
      out += ',';
    object_writer{out}
      .count("process", each.process)
      .count("pid", static_cast<std::uint64_t>(std::max(each.pid, 0)))
      .text("state", each.state)
      .count("age_seconds", static_cast<std::uint64_t>(std::max<std::int64_t>(each.age.count(), 0)))
      .count("turns", each.turns)
      .count("resident_bytes", each.resident_bytes)
      .close();
  }
  out += ']';
}

} // namespace

std::string stats_body(const domain::stats& figures, std::string_view version, bool cache_enabled,
                       std::span<const std::string_view> routes) {
  std::string body;
  object_writer root{body};
  const auto rows = domain::metrics();
  for (auto row = rows.begin(); row != rows.end();) {
    const auto name = row->group;
    const bool first = row == rows.begin();
    object_writer group{root.key(name)};
    if (first)
      group.count("total_entries", figures.cache_entries)
        .count("total_hits", figures.cache_hits)
        .flag("enabled", cache_enabled);
    for (; row != rows.end() && row->group == name; ++row)
      append_figure(group, *row, row->read(figures));
    group.close();
    if (first)
      root.text("version", version);
  }
  const auto& details = figures.details;
  append_recent(root.key("recent"), details.recent);
  append_routes(root.key("routes"), details, routes);
  append_usage(root.key("models"), details.models);
  append_usage(root.key("keys"), details.keys);
  append_limits(root.key("rate_limits"), details.rate_limits);
  append_processes(root.key("process_list"), details.processes);
  root.close();
  return body;
}

} // namespace ccapi::status
