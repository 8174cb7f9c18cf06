#pragma once
// session: the gateway's side of the dialogue with one CLI process, from its first answer to its
// end. Decides what is sent and when, what a line means, and what becomes of the process. Pure of
// I/O: takes lines, orders and the time; says what is to be written, shown and done.

#include "claude/control_channel.hpp"
#include "claude/decoder.hpp"
#include "claude/launch.hpp"
#include "claude/sent_messages.hpp"
#include "claude/tool_channel.hpp"
#include "claude/turn_mapper.hpp"
#include "config/settings.hpp"
#include "domain/content.hpp"
#include "domain/models/turn_settings.hpp"
#include "domain/pool/process_state.hpp"
#include "domain/rate_limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::claude {

/// A turn to be run. What it refers to must live until the turn has ended. One without rewinds and
/// seed whose query has the results of exactly the open calls goes on with the parked run.
struct session_order {
  std::string_view system_prompt{}; ///< used by a process that is not configured yet
  std::size_t rewinds = 0;          ///< questions to be taken back first
  std::span<const domain::message* const> seed{};
  const domain::message& query;
  const domain::turn_settings& settings;
  std::chrono::steady_clock::time_point deadline{};
};

/// What the owner of a session has to do, besides passing on lines and events.
enum class session_step : std::uint8_t {
  report_boot,        ///< the process is ready; its version is version()
  report_failed_boot, ///< it will never be; why is in reason()
  report_defect,      ///< reason() is for the log
  report_spoiled,     ///< what it was told ahead could not be taken back
  bounce_turn,        ///< the turn is to run elsewhere; its end follows
  mark_rewound,       ///< the CLI has forgotten the turn
  tell_failure,       ///< tell the client of reason() now, not with the end of the turn
  read_on,            ///< the client's credit no longer counts
  rest,               ///< the turn is over; the process waits for the next, maybe with open calls
  end_turn,           ///< the turn is over; the process takes no other
  fail_turn,          ///< the turn has failed with reason()
  begin_close,        ///< no more turns: end of input, and read what still comes
  stop_service,       ///< the same, but its input stays open
  terminate,          ///< signal the process
  kill_tree,          ///< let the shim end it and all that it started
  kill_shim,          ///< the shim has not done that
  outlive,            ///< nor has that helped: there is no harder step
  stop_reading,       ///< the child is gone; whoever still holds its pipe is not waited for
  leave,              ///< all is over
};

/// What came of the last input. In this order: events are shown, lines written, steps taken.
struct session_output {
  std::vector<domain::event> events;
  std::vector<std::string> lines; ///< for the process's stdin, without '\n'
  std::vector<session_step> steps;
  std::vector<domain::rate_limit> limits; ///< of the account, as the CLI has told

  [[nodiscard]] bool empty() const noexcept {
    return events.empty() && lines.empty() && steps.empty() && limits.empty();
  }
  void clear() noexcept;
};

/// One per CLI process; not thread-safe. What may happen when is decided by domain::next_step.
/// After every call that takes a time, the owner does what output() says and clears it. Limits: one
/// turn at a time, limits.answer_bytes_max, a deadline for everything that the CLI owes an answer
/// to.
class session {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Why turns fail from now on.
  struct ending {
    domain::error why{};
    bool process_lost = false;     ///< no fault of the turn's: it may run on another process
    domain::process_state state{}; ///< that the process was in
  };

  /// For a process that was sent first_line(), and `primed->lines` if those are given. `settings`
  /// must outlive the session; they may change.
  session(const config::settings& settings, std::optional<priming> primed, time_point now);

  // -- orders --

  /// Whether begin() may be called.
  [[nodiscard]] bool takes_turns() const noexcept;
  void begin(const session_order& order, time_point now);
  /// The turn's client has left.
  void cancel(time_point now);
  /// To end, if no turn runs: see state().
  void retire(time_point now);
  /// To end, whatever it does; a turn fails with `why`.
  void close(domain::error why, time_point now);

  // -- what happened --

  /// As decoder::decode; views into it are not kept.
  void on_line(std::string_view line, time_point now);
  /// All lines that could be read were given to on_line.
  void on_lines_end(time_point now);
  /// There will be no more lines, or the process does not read. `why` is for the log.
  void on_output_end(std::string_view why, time_point now);
  /// See awaits_room().
  void on_input_drained(time_point now);
  /// A line could not be written, as too much waits already.
  void on_input_full(time_point now);
  /// A client that was slow goes on.
  void on_reader_back(time_point now);
  /// The process was reaped. Its last lines may still come, unless `output_ended`.
  void on_exit(bool output_ended, time_point now);
  /// wake_at() is over. `reading_paused`: lines are not read, as the client is slow.
  void on_time(bool reading_paused, time_point now);

  // -- what there is to know --

  [[nodiscard]] session_output& output() noexcept { return out_; }
  /// When to call on_time; time_point::max(): nothing is waited for.
  [[nodiscard]] time_point wake_at() const;
  [[nodiscard]] domain::process_state state() const noexcept { return state_; }
  [[nodiscard]] const ending& reason() const noexcept { return reason_; }
  [[nodiscard]] const std::string& version() const noexcept { return version_; }
  /// More lines follow once the process has taken those that were written.
  [[nodiscard]] bool awaits_room() const noexcept { return awaits_room_; }
  /// Turns that it has run.
  [[nodiscard]] std::uint32_t turns() const noexcept { return turns_; }
  /// Calls at the end of the last answer whose results the CLI waits for; their ids.
  [[nodiscard]] std::size_t open_calls() const noexcept { return tools_.open_calls(); }
  /// What the process has cost since its last turn began, in millionths of a US dollar, as far as
  /// it has told.
  [[nodiscard]] std::int64_t turn_cost() const noexcept { return cost_told_ - cost_before_; }
  /// Questions at its end that the process can take back.
  [[nodiscard]] std::size_t rewindable() const noexcept;
  /// It holds one question and can take it back: then it knows nothing but its system prompt.
  [[nodiscard]] bool leads_back() const noexcept;
  /// Its end is what was wished for.
  [[nodiscard]] bool ends_as_wished() const noexcept;
  [[nodiscard]] bool reaped() const noexcept { return reaped_; }
  [[nodiscard]] std::uint64_t unknown_lines() const noexcept { return decoder_.unknown_lines(); }
  [[nodiscard]] std::uint64_t malformed_lines() const noexcept {
    return decoder_.malformed_lines();
  }

private:
  /// What is waited for inside a turn.
  enum class phase : std::uint8_t { none, leaving_run, rewinding, settings, seeding, answering };
  /// What the turn's client has been told of its end.
  enum class outcome : std::uint8_t { open, finished, failed, cancelled };

  // -- the table's actions --
  void apply(domain::process_trigger what);
  void perform(domain::process_action action);
  void configure();
  /// For a process that was told something ahead: once its answers are there.
  void settle_priming();
  void begin_turn();
  /// Ends the parked run, whose calls will not be answered.
  void leave_run();
  /// Ahead of a parked run's results. False: they are not what it waits for.
  [[nodiscard]] bool resumes() const;
  void take_back();
  void send_settings();
  void send_seed();
  void send_query();
  void send_results();
  void send_interrupt();
  void send_rewind();
  void begin_close();
  void escalate();
  void fail_turn();
  void end_turn(session_step how);

  // -- lines --
  void on_control_response(const control_response& line);
  void on_version(std::string_view text);
  void on_control_request(const control_request& line);
  void on_tool_call(const control_request& line);
  void on_rewind_answered(bool ok);
  void on_rewound(bool ok);
  void on_turn_line(const message& line);
  void note_cost(const result& line);
  void on_answer_line(const message& line);
  /// What the last line of the answer means for the turn.
  void judge_answer();
  void on_parked();
  /// Notes what the turn's client is about to see. False: the answer broke a limit.
  bool note_events();
  /// It may run further turns.
  [[nodiscard]] bool is_kept() const noexcept;
  /// What the end of the turn means for the process.
  [[nodiscard]] domain::process_trigger trigger_after_turn() const;

  /// The process is beyond use, and that is no fault of the turn's.
  void lose(domain::error_code code, std::string what, std::string detail);
  /// The process is beyond use, and another one would fare no better.
  void give_up(domain::error_code code, std::string what, std::string detail);
  void defect(domain::error why, bool process_lost);
  void end_with_process();
  /// A call, a seeded line or the answer has not moved on in time: which one.
  std::optional<std::string_view> late_part(bool reading_paused);

  /// `encode` is one of claude/encoder's functions, or calls it.
  template <class Encode>
  void send_control(control_call call, std::chrono::milliseconds timeout, Encode encode);
  void send_rewind_of(const std::string& uuid, std::chrono::milliseconds timeout);

  const config::settings& settings_;
  time_point now_; ///< of the call that is being answered
  session_output out_;
  domain::process_state state_ = domain::process_state::spawning;
  decoder decoder_;
  control_channel control_;
  tool_channel tools_;
  run_so_far run_; ///< while calls are parked, else as new
  sent_messages sent_;
  unsigned malformed_in_a_row_ = 0;
  std::string version_;
  bool rewinds_to_nothing_ = false; ///< as in claude/capabilities
  domain::turn_settings applied_;

  /// What the process was told ahead. Of it, what has not been answered yet:
  std::optional<priming> primed_;
  bool prompt_awaited_ = false;
  bool message_awaited_ = false;

  std::optional<session_order> order_; ///< of the turn that runs, or waits for the boot
  phase phase_ = phase::none;
  bool resuming_ = false;        ///< the turn goes on with a parked run
  std::size_t rewinds_left_ = 0; ///< lines
  std::size_t seeded_ = 0;       ///< messages of the seed that were sent
  bool awaits_room_ = false;
  bool answering_ = false; ///< something came since the query
  std::optional<turn_mapper> mapper_;
  std::size_t answer_bytes_ = 0;
  outcome outcome_ = outcome::open;
  domain::error_code failure_{}; ///< if it failed
  time_point ordered_at_;        ///< when the turn came
  time_point ready_at_;          ///< when the process was booted
  time_point asked_at_;          ///< when the turn's query was sent
  std::uint32_t turns_ = 0;
  // In millionths of a US dollar:
  std::int64_t cost_told_ = 0;   ///< of all that the process has done
  std::int64_t cost_before_ = 0; ///< of it, ahead of the turn

  /// Of the turn, its interrupt, or the step of the close.
  time_point deadline_ = time_point::max();
  /// Set while a seeded user line, or the end of a run that is left, is awaited: until when.
  std::optional<time_point> seed_deadline_;
  /// Set while an answer is awaited: until when the next line must come.
  std::optional<time_point> answer_deadline_;

  ending reason_;
  unsigned close_step_ = 0;
  bool crashed_ = false; ///< its end was not our wish
  bool reaped_ = false;
};

} // namespace ccapi::claude
