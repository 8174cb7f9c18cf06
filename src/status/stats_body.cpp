#include "status/stats_body.hpp"

#include "json/object_writer.hpp"
#include "json/writer.hpp"

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

} // namespace

std::string stats_body(const domain::stats& figures, std::string_view version, bool cache_enabled) {
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
  root.close();
  return body;
}

} // namespace ccapi::status
