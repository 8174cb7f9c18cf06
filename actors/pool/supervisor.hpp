#pragma once
// supervisor: owns the process slots. Starts children for conversations, makes room at the cap,
// keeps the health of the whole.

#include "actors/interfaces.hpp"
#include "actors/messages.hpp"
#include "config/settings.hpp"
#include "domain/metrics/metrics.hpp"
#include "domain/metrics/status.hpp"
#include "domain/pool/child_life.hpp"
#include "domain/pool/process_pool.hpp"
#include "domain/pool/spare_pool.hpp"
#include "domain/pool/start_breaker.hpp"
#include "domain/tick_schedule.hpp"
#include "observe/log.hpp"
#include "process/launcher.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

namespace ccapi::actors {

/// Bytes; 0 = no limit.
struct memory_limits {
  std::uint64_t process_max = 0;   ///< an idle process that holds more is closed
  std::uint64_t available_min = 0; ///< with less left, spares and long idle processes are closed
};

struct supervisor_options {
  /// Starts a child: launcher::spawn, with its contract. Called on the supervisor's thread; what it
  /// refers to outlives the actor.
  std::function<void(domain::process_id, process::spawn_spec, process::launcher::spawned,
                     process::launcher::exited, process::launcher::spoke)>
    start;
  domain::process_pool::options pool;
  domain::spare_pool::options spares;
  memory_limits memory;
  domain::start_breaker::options breaker;
  /// What to start for this kind, at once or (`ahead`) as a spare. Called on the supervisor's
  /// thread; must not block.
  std::function<domain::result<process::spawn_spec>(const domain::process_kind& kind, bool ahead)>
    spec_for;
  /// Differs once the CLI has been replaced by another. Called on the supervisor's thread; quick.
  /// Null: nobody knows.
  std::function<std::string()> cli_identity{};
  /// The CLI has been replaced. Called on the supervisor's thread; quick. Null: nobody cares.
  std::function<void()> on_other_cli{};
  domain::health health; ///< at start; without a cli_path no process is ever started
  observe::logger log;
};

/// The parts of the settings that the supervisor goes by.
domain::process_pool::options pool_options(const config::settings& given);
domain::start_breaker::options breaker_options(const config::settings& given);
domain::spare_pool::options spare_options(const config::settings& given);
memory_limits memory_options(const config::settings& given);

/// Decisions are domain::process_pool's and spare_pool's, and what a child is at is its
/// child_life's; this class performs them.
class supervisor_state {
public:
  static inline const char* name = "supervisor";

  supervisor_state(supervisor_actor::pointer self, supervisor_options options);

  caf::typed_response_promise<lease_reply> on_lease_request(lease_request& what);
  void on_withdraw_lease(const withdraw_lease& what);
  void on_process_claimed(process_claimed& what);
  void on_process_booted(const process_booted& what);
  void on_process_idle(const process_idle& what);
  void on_handover_over(const handover_over& what);
  void on_priming_failed(const priming_failed& what);
  void on_login_report(const login_report& what);
  void on_store_report(const store_report& what);
  void on_child_started(child_started& what);
  void on_child_spoke(const child_spoke& what);
  void on_child_exited(const child_exited& what);
  void on_attach_listeners(attach_listeners& what);
  void on_drain();
  void on_settings_changed(const settings_changed& what);
  void on_tick();
  [[nodiscard]] domain::stats figures() const;

private:
  [[nodiscard]] std::vector<domain::process_line> process_lines() const;

  /// A lease that has not been answered yet.
  struct open_lease {
    lease_request wish;
    domain::steady_time since; ///< it waits
    caf::typed_response_promise<lease_reply> answer;
  };

  /// Everything that is known of a child, from the order to start it until it is reaped.
  struct child {
    domain::child_life life;
    domain::steady_time since; ///< it was ordered
    pid_t pid = -1;
    std::shared_ptr<process::child_process> pipes{}; ///< of a spare only
    std::optional<claude::priming> primed{};         ///< what a spare was told
    claude_process_actor handle{};                   ///< null: no actor has claimed it (yet)
  };

  void give_slot_on();
  void answer_failure(domain::lease_id lease, domain::error failure);
  void arm_tick();

  // -- children (supervisor_children.cpp) --
  /// False: the lease was answered by a failure; its slot is free again.
  bool spawn_for(domain::lease_id lease);
  void start_child(domain::child_life life, process::spawn_spec spec);
  /// The one that a conversation has; null: it is none (any more).
  [[nodiscard]] child* child_in_use(domain::process_id process);
  void start_failed(const domain::error& why);
  void on_child_not_started(domain::process_id process, domain::error failure);
  void on_lease_started(child& started, std::shared_ptr<process::child_process> pipes);

  // -- room (supervisor_room.cpp) --
  void make_room();
  /// A request got no process. If that was for want of descriptors, threads or memory, an idle
  /// process may hold them: one that is not likely to be missed ends.
  void free_what_starts_lack();
  void ask(domain::process_id process, const claude_process_actor& handle);
  void on_idle_report(const domain::idle_report& report);
  void retire_process(domain::process_id process, bool even_parked = false);
  /// Somebody waits: gives him this process as it is, if it suits; else ends it.
  void pass_on_or_retire(const domain::idle_report& report);
  /// For wishes that no idle process can be had for.
  void retire_parked(const std::vector<domain::idle_report>& reports, std::size_t count);
  /// Looks again when the first of them has been parked for long enough.
  void await_parked(const std::vector<domain::idle_report>& reports);
  [[nodiscard]] bool pass_on(child& idle, const domain::idle_report& report);
  /// True: whoever waits has his answer sooner if this one is let be. It is looked at again later.
  [[nodiscard]] bool let_be(const domain::idle_report& report);
  /// Ends spares and processes where memory is short, and those that hold too much.
  void watch_memory();

  // -- spares (supervisor_spares.cpp) --
  /// Answers the lease with a spare, if there is one.
  bool give_spare(domain::lease_id lease);
  /// Starts and ends spares as spare_pool says. Call when anything it goes by has changed.
  void review_spares();
  /// Tells spares what spare_pool wants them to know.
  void prime_spares();
  /// True: whoever has just got a process should have the machine to itself for a while.
  bool refill_too_soon();
  void on_spare_started(child& started, std::shared_ptr<process::child_process> pipes);
  [[nodiscard]] std::size_t spares_starting() const;
  /// It ended by itself, or never came up. Counts as a failed start.
  void lose_spare(domain::process_id process,
                  const char* why = "The Claude process ended before anybody used it.");
  void end_spare(domain::process_id process, bool for_waiter = false);
  void end_spares(const char* why);
  /// A request that no spare can serve needs its slot.
  void evict_spare();
  void notice_new_cli();

  /// Works out the health from what is known and tells the listeners if it changed.
  void review_health();
  /// By the clock that also delivers the ticks.
  [[nodiscard]] domain::steady_time now() const { return self_->clock().now(); }

  supervisor_actor::pointer self_;
  supervisor_options options_;
  domain::process_pool pool_;
  domain::start_breaker breaker_;
  domain::stats totals_;
  domain::process_id last_process_ = 0;
  std::unordered_map<domain::lease_id, open_lease> leases_;
  std::map<domain::process_id, child> children_;
  std::vector<domain::idle_report> reports_;
  std::size_t reports_awaited_ = 0;
  bool ask_again_ = false; ///< somebody did not answer in time
  domain::recent_duration boot_time_;
  domain::recent_duration turn_time_;
  domain::spare_pool spares_; ///< chooses among the children that are spares
  /// An idle process may end though nobody waits for its slot: for a spare, or for want of
  /// memory or whatever else a start lacked.
  bool one_less_wanted_ = false;
  bool memory_short_ = false;
  bool priming_fails_ = false; ///< with this CLI
  domain::process_id last_measured_ = 0;
  std::string cli_identity_;
  domain::steady_time next_review_{};
  domain::steady_time next_look_around_{};
  std::optional<domain::steady_time> last_given_;   ///< when somebody last got a process
  std::optional<domain::steady_time> refill_since_; ///< a spare has been wanted since then
  std::vector<health_listener_actor> listeners_;
  domain::health health_;
  std::string start_failure_; ///< why the last start failed; for people
  std::minstd_rand dice_{std::random_device{}()};
  bool login_failed_ = false;
  std::string store_trouble_; ///< empty: it does well
  bool draining_ = false;
  domain::tick_schedule ticks_;
};

/// The actor. Runs on CAF's scheduler; holds the state above.
supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<std::unique_ptr<supervisor_state>> self,
           supervisor_options options);

} // namespace ccapi::actors
