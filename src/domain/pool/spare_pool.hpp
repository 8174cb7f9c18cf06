#pragma once
// spare_pool: how many processes are kept ready for requests to come, of which kinds, and which
// of them are told a system prompt ahead. Pure.

#include "domain/ids.hpp"
#include "domain/pool/process_kind.hpp"
#include "domain/pool/process_pool.hpp"
#include "domain/pool/prompt_forecast.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace ccapi::domain {

/// A spare is a process that nobody has claimed: booted, or on the way there. A primed one has been
/// told a system prompt and is of use for that one only; the others serve any. Not thread-safe;
/// owned by the supervisor.
class spare_pool {
public:
  struct options {
    std::size_t total_max = 3;    ///< over all kinds
    std::size_t per_kind_min = 2; ///< of a kind in use
    std::size_t per_kind_max = 5;
    std::chrono::milliseconds kind_idle{30 * 60'000}; ///< without demand: no longer in use
    std::chrono::milliseconds boot_timeout{30'000};
    std::optional<process_kind> default_kind{}; ///< always in use; unset: none is
    bool prime = true; ///< some are told the system prompt that is asked for most
  };

  explicit spare_pool(options limits)
    : limits_{std::move(limits)} {}

  void set_limits(options limits) { limits_ = std::move(limits); }
  [[nodiscard]] const options& limits() const noexcept { return limits_; }

  /// What a spare is to be told.
  struct priming_wish {
    process_id process = 0;
    std::shared_ptr<const tenant_prompt> prompt{};
  };

  /// Somebody wants a process of this kind for a dialogue that begins so.
  void note_demand(const process_kind& kind, tenant_prompt prompt, steady_time now);

  /// A spare was started.
  void started(process_id process, const process_kind& kind, steady_time now);
  /// It has come up; how long that took sizes what is kept. False: it is no spare (any more).
  bool ready(process_id process, steady_time now);
  /// Takes it out, whatever it is at. False: it is no spare.
  bool remove(process_id process);
  /// Takes one out for a request: best one that knows its prompt, else a ready one, else the one
  /// nearest to it; none that was told another prompt.
  std::optional<process_id> take(const process_kind& kind, const tenant_prompt& prompt);

  /// Those that may be told what the next dialogues of their kinds probably begin with, at most
  /// one of each kind. One of each kind stays untold, for whatever comes.
  [[nodiscard]] std::vector<priming_wish> to_prime(steady_time now);
  /// It has been told.
  void primed(const priming_wish& what);

  /// The kind of which one more is to be started now, if any.
  [[nodiscard]] std::optional<process_kind> wanted(steady_time now) const;
  /// Those that have not come up in time. They stay in until removed.
  [[nodiscard]] std::vector<process_id> late(steady_time now) const;
  /// Those that are to end: too many, of a kind out of use, or primed with what nobody has asked
  /// for lately. They stay in until removed.
  [[nodiscard]] std::vector<process_id> surplus(steady_time now) const;
  /// One that may end for the sake of a request that none of them can serve: the one least asked
  /// for.
  [[nodiscard]] std::optional<process_id> sacrifice(steady_time now) const;
  [[nodiscard]] std::vector<process_id> all() const;
  [[nodiscard]] std::vector<process_id> all_primed() const;

  [[nodiscard]] std::size_t size() const noexcept { return spares_.size(); }
  [[nodiscard]] std::size_t ready_count() const noexcept;
  /// How many of a kind are worth having: the least, and what comes while one boots.
  [[nodiscard]] std::size_t target(const process_kind& kind, steady_time now) const;

private:
  struct spare {
    process_id process = 0;
    process_kind kind;
    steady_time since;
    bool ready = false;
    std::shared_ptr<const tenant_prompt> prompt{}; ///< null: it was told nothing
  };
  struct demand {
    double rate = 0; ///< per second, fading
    steady_time last;
    prompt_forecast prompts{};
  };

  [[nodiscard]] double rate_of(const process_kind& kind, steady_time now) const;
  /// Kinds in use, the most asked for first.
  [[nodiscard]] std::vector<process_kind> kinds(steady_time now) const;
  [[nodiscard]] std::size_t count(const process_kind& kind) const noexcept;
  [[nodiscard]] bool outdated(const spare& which) const;

  options limits_;
  std::vector<spare> spares_; ///< the oldest first
  std::unordered_map<process_kind, demand, process_kind::hash> demands_;
  std::chrono::milliseconds boot_time_{500};
};

} // namespace ccapi::domain
