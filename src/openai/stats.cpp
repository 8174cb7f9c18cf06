#include "openai/stats.hpp"

#include "json/writer.hpp"

#include <cstddef>
#include <cstdint>

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
  object_writer& count(std::string_view name, std::int64_t value) {
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
  object_writer{root.key("turns")}
    .count("submitted", figures.turns_submitted)
    .count("finished", figures.turns_finished)
    .count("failed", figures.turns_failed)
    .count("cancelled", figures.turns_cancelled)
    .count("retried", figures.turns_retried)
    .count("without_parameter", figures.turns_without_parameter)
    .count("active", figures.turns_active)
    .close();
  object_writer matches{root.key("matches")};
  for (std::size_t i = 0; i < figures.matches.size(); ++i)
    matches.count(to_string(static_cast<domain::match_outcome>(i)), figures.matches[i]);
  matches.close();
  object_writer times{root.key("times")};
  append_times(times.key("wait"), figures.times.wait);
  append_times(times.key("boot"), figures.times.boot);
  append_times(times.key("setup"), figures.times.setup);
  append_times(times.key("first"), figures.times.first);
  times.close();
  object_writer{root.key("tokens")}
    .count("prompt", figures.prompt_tokens)
    .count("completion", figures.completion_tokens)
    .count("total", figures.prompt_tokens + figures.completion_tokens)
    .close();
  object_writer{root.key("processes")}
    .count("live", figures.processes_live)
    .count("busy", figures.processes_busy)
    .count("max", figures.processes_max)
    .count("spawned", figures.processes_spawned)
    .count("retired", figures.processes_retired)
    .count("failed", figures.processes_failed)
    .close();
  object_writer{root.key("spares")}
    .count("ready", figures.spares_ready)
    .count("booting", figures.spares_booting)
    .count("primed", figures.spares_primed)
    .count("hits", figures.spare_hits)
    .count("primed_hits", figures.primed_hits)
    .count("misses", figures.spare_misses)
    .count("dropped", figures.spares_dropped)
    .close();
  object_writer{root.key("queue")}
    .count("length", figures.queue_length)
    .count("max", figures.queue_max)
    .close();
  object_writer{root.key("conversations")}.count("known", figures.conversations).close();
  object_writer{root.key("cli")}
    .count("lines_unknown", figures.cli_lines_unknown)
    .count("lines_malformed", figures.cli_lines_malformed)
    .close();
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
