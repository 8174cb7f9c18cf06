#pragma once
// Values that /health and /stats show.

#include "domain/duration_histogram.hpp"
#include "domain/match.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace ccapi::domain {

enum class health_state : std::uint8_t { ok, degraded, draining };

/// How the gateway fares. `reason` is one clear paragraph for a person (empty when ok): what is
/// wrong and what to do. Safe to show to a local user, holds no secret.
struct health {
  health_state state = health_state::ok;
  std::string reason;
  std::string cli_path;    ///< empty when there is none
  std::string cli_version; ///< "2.1.330"; empty when unknown
  bool demo = false;       ///< the built-in simulator answers; cli_path is then our own

  friend bool operator==(const health&, const health&) = default;
};

/// Where the time of turns goes ahead of the answer.
struct turn_times {
  duration_histogram wait;  ///< for a process, and for turns ahead
  duration_histogram boot;  ///< of a new process, as far as a turn had to wait for it
  duration_histogram setup; ///< until the process was told everything
  duration_histogram first; ///< from then to the first sign of the answer

  turn_times& operator+=(const turn_times& other) noexcept {
    wait += other.wait;
    boot += other.boot;
    setup += other.setup;
    first += other.first;
    return *this;
  }
};

/// Totals since start unless said otherwise.
struct stats {
  // requests
  std::uint64_t turns_submitted = 0;
  std::uint64_t turns_finished = 0;
  std::uint64_t turns_failed = 0;
  std::uint64_t turns_cancelled = 0;
  std::uint64_t turns_active = 0; ///< now
  /// Runs of turns beside their first, since a process was lost.
  std::uint64_t turns_retried = 0;
  /// Runs of turns beside their first, since the API refused a parameter for the model.
  std::uint64_t turns_without_parameter = 0;
  /// Turns by what became of their history (domain::match_outcome).
  std::array<std::uint64_t, match_outcome_count> matches{};
  turn_times times;
  // tokens
  std::int64_t prompt_tokens = 0;
  std::int64_t completion_tokens = 0;
  // processes
  std::uint64_t processes_live = 0; ///< now
  std::uint64_t processes_busy = 0; ///< now: running a turn
  std::uint64_t processes_max = 0;  ///< the cap
  std::uint64_t processes_spawned = 0;
  std::uint64_t processes_retired = 0;
  std::uint64_t processes_failed = 0; ///< could not be started, or died during a turn
  // spare processes: started before anybody asked
  std::uint64_t spares_ready = 0;   ///< now
  std::uint64_t spares_booting = 0; ///< now
  std::uint64_t spares_primed = 0;  ///< now; they are ready, too
  std::uint64_t spare_hits = 0;     ///< processes wanted that a spare became
  std::uint64_t primed_hits = 0;    ///< of them, spares that knew the system prompt
  std::uint64_t spare_misses = 0;   ///< processes wanted that had to be started, or waited for
  std::uint64_t spares_dropped = 0; ///< ended, or died, without having been of use
  // queue for a process
  std::uint64_t queue_length = 0; ///< now
  std::uint64_t queue_max = 0;
  // conversations known (with or without a process), now
  std::uint64_t conversations = 0;
  /// CLI lines of an unknown type or that were no JSON.
  std::uint64_t cli_lines_unknown = 0;
  std::uint64_t cli_lines_malformed = 0;
};

} // namespace ccapi::domain
