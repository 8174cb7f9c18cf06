#include "openai/stats.hpp"

#include "json/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

namespace ccapi::openai {

namespace {

/// Appends one JSON object with members of fixed, harmless names.
class object_writer {
public:
  explicit object_writer(std::string& out)
    : out_{out} {
    out_ += '{';
  }

  std::string& key(std::string_view name) {
    if (!first_)
      out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += R"(":)";
    return out_;
  }
  object_writer& count(std::string_view name, std::uint64_t value) {
    json::append_integer(key(name), value);
    return *this;
  }
  object_writer& text(std::string_view name, std::string_view value) {
    json::append_string_or_null(key(name), value);
    return *this;
  }
  object_writer& flag(std::string_view name, bool value) {
    key(name) += value ? "true" : "false";
    return *this;
  }
  void close() { out_ += '}'; }

private:
  std::string& out_;
  bool first_ = true;
};

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

std::string_view to_string(domain::health_state state) noexcept {
  switch (state) {
  case domain::health_state::ok:
    return "ok";
  case domain::health_state::degraded:
    return "degraded";
  case domain::health_state::draining:
    return "draining";
  }
  return "degraded";
}

std::string stats_body(const domain::stats& figures, std::string_view version) {
  constexpr std::uint64_t none = 0;
  std::string body;
  object_writer root{body};
  object_writer{root.key("cache")}
    .count("total_entries", none)
    .count("total_hits", none)
    .flag("enabled", false)
    .close();
  root.text("version", version);
  const auto rows = domain::metrics();
  for (auto row = rows.begin(); row != rows.end();) {
    const auto name = row->group;
    object_writer group{root.key(name)};
    for (; row != rows.end() && row->group == name; ++row)
      append_figure(group, *row, row->read(figures));
    group.close();
  }
  root.close();
  return body;
}

std::string health_body(const domain::health& health, std::string_view version) {
  std::string body;
  object_writer root{body};
  root.text("status", to_string(health.state));
  root.text("reason", health.reason);
  root.text("version", version);
  if (health.demo)
    root.flag("demo", true);
  // The simulator is no CLI, though it takes the place of one.
  object_writer{root.key("cli")}
    .text("path", health.demo ? std::string_view{} : health.cli_path)
    .text("version", health.demo ? std::string_view{} : health.cli_version)
    .close();
  root.close();
  return body;
}

} // namespace ccapi::openai
