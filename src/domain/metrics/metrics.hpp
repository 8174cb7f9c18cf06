#pragma once
// The table of metrics: one row per figure. The struct that holds the figures, their sum over
// threads, /stats and what the pages say of it are made of these rows.

#include "domain/error.hpp"
#include "domain/match.hpp"
#include "domain/metrics/duration_histogram.hpp"
#include "domain/metrics/process_list.hpp"
#include "domain/metrics/status_class.hpp"
#include "domain/metrics/turn_times.hpp"
#include "domain/metrics/usage_by_name.hpp"
#include "domain/rate_limits.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace ccapi::domain {

// One row per figure, in the order of /stats; rows of a group stand together. In a row: the member
// of domain::stats, group and name in /stats, unit, what it tells. A list macro, because a member
// and what is said of it can't be made of one line otherwise.
//
// COUNTER:  since the start; GAUGE: now; both are added up over threads
// LABELLED: counters, one per value of an enum (its first argument), shown by the values' names as
//           a group of their own
// TIMES:    how long something took
// SUM:      of two members; has none of its own
// clang-format off
#define CCAPI_METRICS(COUNTER, GAUGE, LABELLED, TIMES, SUM)                                        \
  COUNTER(cache_hits, "cache", "hits", "requests", "answered from the cache")                      \
  COUNTER(cache_misses, "cache", "misses", "requests", "that the cache had no answer for")         \
  COUNTER(cache_bypasses, "cache", "bypasses", "requests", "that the cache is not for")            \
  COUNTER(cache_shared, "cache", "shared", "requests", "of the misses, those that joined a run")   \
  COUNTER(cache_evictions, "cache", "evictions", "answers", "dropped to make room")                \
  GAUGE(cache_entries, "cache", "entries", "answers", "that are kept")                             \
  GAUGE(cache_bytes, "cache", "bytes", "bytes", "that they and their requests take")               \
  COUNTER(idempotent_replays, "idempotency", "replays", "requests",                                \
          "answered as the one before with their `Idempotency-Key`")                               \
  COUNTER(turns_submitted, "turns", "submitted", "turns", "asked for by clients")                  \
  COUNTER(turns_finished, "turns", "finished", "turns", "answered to the end")                     \
  COUNTER(turns_failed, "turns", "failed", "turns", "ended by an error")                           \
  COUNTER(turns_cancelled, "turns", "cancelled", "turns", "whose client left")                     \
  COUNTER(turns_retried, "turns", "retried", "runs",                                               \
          "second runs of turns whose process was lost")                                           \
  COUNTER(turns_without_parameter, "turns", "without_parameter", "runs",                           \
          "second runs without a parameter that the API refused unexpectedly")                     \
  COUNTER(turns_mended, "turns", "mended", "runs",                                                 \
          "second runs because an answer lacked its format, or a call that it must have")          \
  COUNTER(turns_with_calls, "turns", "with_calls", "turns", "whose answers called tools")          \
  COUNTER(turns_limited, "turns", "limited", "turns",                                              \
          "refused at once, as a limit of the account is used up")                                 \
  COUNTER(turns_over_budget, "turns", "over_budget", "requests",                                   \
          "refused, as their API key has spent its budget of the day")                             \
  GAUGE(turns_active, "turns", "active", "turns", "that wait or run")                              \
  LABELLED(match_outcome, matches, "matches", "turns", "by their `x-ccapi-match`")                 \
  TIMES(wait_times, "times", "wait", "ms", "for a process, and for turns ahead")                   \
  TIMES(boot_times, "times", "boot", "ms",                                                         \
        "of a new process, as far as its first turn had to wait for it")                           \
  TIMES(setup_times, "times", "setup", "ms", "until the process was told everything")              \
  TIMES(first_times, "times", "first", "ms", "from then to the first sign of the answer")          \
  TIMES(total_times, "times", "total", "ms", "from the request to the end of its answer")          \
  COUNTER(prompt_tokens, "tokens", "prompt", "tokens", "read by the model, cached ones included")  \
  COUNTER(completion_tokens, "tokens", "completion", "tokens", "written by the model")             \
  SUM(prompt_tokens, completion_tokens, "tokens", "total", "tokens", "both")                       \
  COUNTER(cost_micro_usd, "cost", "micro_usd", "micro-USD",                                        \
          "that turns have cost, as the CLI reckons")                                              \
  GAUGE(processes_live, "processes", "live", "processes",                                          \
        "processes and spares, those that start included")                                         \
  GAUGE(processes_busy, "processes", "busy", "processes", "that run a turn")                       \
  GAUGE(processes_parked, "processes", "parked", "processes",                                      \
        "that wait for the results of tools")                                                      \
  GAUGE(processes_max, "processes", "max", "processes", "the cap of `live`")                       \
  COUNTER(processes_spawned, "processes", "spawned", "processes", "started, spares included")      \
  COUNTER(processes_retired, "processes", "retired", "processes",                                  \
          "that had to make room, or held too much memory")                                        \
  COUNTER(processes_failed, "processes", "failed", "processes",                                    \
          "that did not start, died during a turn, or died as spares")                             \
  GAUGE(spares_ready, "spares", "ready", "processes", "that wait for a turn")                      \
  GAUGE(spares_booting, "spares", "booting", "processes", "that start")                            \
  GAUGE(spares_primed, "spares", "primed", "processes",                                            \
        "of the ready ones, those that know a system prompt")                                      \
  COUNTER(spare_hits, "spares", "hits", "wishes", "for a process, answered by a spare")            \
  COUNTER(primed_hits, "spares", "primed_hits", "wishes", "of them, by one that knew the prompt")  \
  COUNTER(spare_misses, "spares", "misses", "wishes",                                              \
          "for a process that had to be started, or waited for")                                   \
  COUNTER(spares_dropped, "spares", "dropped", "processes", "spares that ended or died unused")    \
  GAUGE(queue_length, "queue", "length", "requests", "that wait for a process")                    \
  GAUGE(queue_max, "queue", "max", "requests", "that may wait")                                    \
  GAUGE(conversations, "conversations", "known", "conversations",                                  \
        "with and without a process, named or not")                                                \
  GAUGE(store_conversations, "store", "conversations", "conversations", "named ones, on disk")     \
  GAUGE(store_bytes, "store", "bytes", "bytes", "on disk")                                         \
  COUNTER(store_commits, "store", "commits", "transactions", "that were committed")                \
  COUNTER(store_writes, "store", "writes", "writes", "in them")                                    \
  COUNTER(store_failures, "store", "failures", "times", "that the disk refused to write or read")  \
  COUNTER(turns_unstored, "store", "turns_unstored", "turns",                                      \
          "of named conversations that were answered, but not kept")                               \
  COUNTER(cli_lines_unknown, "cli", "lines_unknown", "lines",                                      \
          "of the CLI, of a type that the gateway does not know")                                  \
  COUNTER(cli_lines_malformed, "cli", "lines_malformed", "lines", "of the CLI that were no JSON")  \
  LABELLED(status_class, answers, "answers", "answers", "of the server, by their status")          \
  LABELLED(error_code, errors, "errors", "failures", "that clients were told of, by their code")   \
  COUNTER(broken_invariants, "defects", "invariants", "times",                                     \
          "that the gateway found itself in a state it should never be in; the log says where")
// clang-format on

/// Failures are counted by their code.
inline constexpr std::size_t error_code_count = static_cast<std::size_t>(error_code::internal);
constexpr std::size_t index_of(error_code code) noexcept {
  return static_cast<std::size_t>(code) - 1;
}

#define CCAPI_NUMBER(member, group, name, unit, help) std::uint64_t member = 0;
#define CCAPI_LABELLED(label, member, group, unit, help)                                           \
  std::array<std::uint64_t, label##_count> member{}; /* NOLINT(bugprone-macro-parentheses) */
#define CCAPI_TIMES(member, group, name, unit, help) duration_histogram member;
#define CCAPI_SUM(first, second, group, name, unit, help)

/// Rows of the API's table of endpoints that answers are counted by, at most.
inline constexpr std::size_t routes_max = 32;

/// Figures that have no row, as their names are not known ahead, or as they are of now.
struct stats_details {
  /// Answers by route and status; the last one is of requests without a route.
  std::array<std::array<std::uint64_t, status_class_count>, routes_max> routes{};
  usage_by_name models; ///< by the name that the CLI was asked for
  usage_by_name keys;
  std::vector<recent_times> recent; ///< empty: none
  std::vector<process_line> processes;
  std::vector<rate_limit> rate_limits; ///< of the account; one thread gives them

  stats_details& operator+=(const stats_details& part);
};

/// The figures: a member per row. Each thread counts in its own, by plain increments.
struct stats {
  CCAPI_METRICS(CCAPI_NUMBER, CCAPI_NUMBER, CCAPI_LABELLED, CCAPI_TIMES, CCAPI_SUM)
  stats_details details;

  /// Adds another thread's part.
  stats& operator+=(const stats& part);
};

#undef CCAPI_NUMBER
#undef CCAPI_LABELLED
#undef CCAPI_TIMES
#undef CCAPI_SUM

enum class metric_kind : std::uint8_t { counter, gauge, histogram };

/// "counter", "gauge", "histogram".
std::string_view to_string(metric_kind kind) noexcept;

/// A row of the table.
struct metric {
  /// What a row shows: a number, a number for each of its labels, or times (never null).
  using figure =
    std::variant<std::uint64_t, std::span<const std::uint64_t>, const duration_histogram*>;

  std::string_view group;                   ///< the member of /stats it is in
  std::string_view name;                    ///< its own there; empty if it has labels
  std::span<const std::string_view> labels; ///< names of its counters in the group, if several
  metric_kind kind = metric_kind::counter;
  std::string_view unit;
  std::string_view help;           ///< what it tells, behind the unit
  figure (*read)(const stats& of); ///< refers to `of`
  bool derived = false;            ///< other rows tell as much
};

/// All rows, in the order of /stats.
std::span<const metric> metrics() noexcept;

} // namespace ccapi::domain
