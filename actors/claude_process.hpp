#pragma once
// claude_process: runs one CLI child. Speaks its protocol, turn by turn, and ends it.

#include "actors/asio_host.hpp"
#include "actors/interfaces.hpp"
#include "actors/io_shard.hpp"
#include "actors/messages.hpp"
#include "actors/running_turn.hpp"
#include "claude/control_channel.hpp"
#include "claude/decoder.hpp"
#include "claude/turn_mapper.hpp"
#include "domain/process_state.hpp"
#include "process/child_pipes.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::actors {

/// Life cycle: made by its conversation from a leased child, on the conversation's I/O thread; ends
/// when the supervisor says that the child is reaped. What may happen when is decided by
/// domain::next_step; this class performs it. Limits: one turn at a time, one timer, the stream's
/// byte credit (beyond it the pipe is not read), limits.answer_bytes_max.
class claude_process final : public on_io<claude_process_actor::base>,
                             public process::child_pipes::listener {
public:
  claude_process(caf::actor_config& config, io_home& home, io_shard& shard,
                 process_listener_actor parent, process::child_process child,
                 std::optional<claude::priming> primed = {});

  const char* name() const override { return "claude_process"; }
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using clock = std::chrono::steady_clock;

  /// What the process waits for inside a turn.
  enum class phase : std::uint8_t { none, rewinding, settings, seeding, answering };
  /// A user message that the CLI holds.
  struct told_line {
    std::string uuid;           ///< empty: it was left out, as the text was empty
    bool answer_before = false; ///< some answer comes ahead of it
  };
  /// Why turns fail from now on.
  struct ending {
    domain::error why;
    bool process_lost = false; ///< no fault of the turn's: it may run on another process
  };

  // -- messages, in the order of interfaces.hpp --
  bool on_adopt_process(adopt_process& what);
  void on_run_turn(run_turn& order);
  void on_cancel_turn(const cancel_turn& what);
  void on_grant_credit(const grant_credit& what);
  void on_child_exited(const child_exited& what);
  void end_with_child();

  // -- child_pipes::listener --
  void on_line(std::string_view line) override;
  void on_lines_end() override;
  void on_input_drained() override;
  void on_pipes_failed(std::string_view why) override;

  // -- lines --
  void on_control_response(const claude::control_response& line);
  void on_rewind_answered(bool ok);
  void on_turn_line(const claude::message& line);
  /// What the end of the turn means for the process.
  [[nodiscard]] domain::process_trigger outcome_of_turn() const;
  void count_lines();

  // -- the table's actions --
  void apply(domain::process_trigger what);
  void perform(domain::process_action action);
  void configure();
  /// For a child that was told something ahead: once its answers are there.
  void settle_priming();
  void spoil_priming(); ///< the turn is better off elsewhere
  void begin_turn();
  void rewind_to_start();
  void on_rewound(bool ok);
  void send_settings();
  void send_seed();
  void send_query();
  void note_told(std::string uuid);
  void forget_last_told();
  /// How many of its last user messages the CLI can take back.
  [[nodiscard]] std::size_t rewindable() const noexcept;
  void send_interrupt();
  void send_rewind();
  void send_rewind_of(const std::string& uuid, std::chrono::milliseconds timeout);
  void begin_close();
  void escalate();
  /// The process is beyond use, and that is no fault of the turn's.
  void lose(domain::error_code code, std::string message, std::string detail);
  /// The process is beyond use, and another one would fare no better.
  void give_up(domain::error_code code, std::string message, std::string detail);
  void defect(ending reason);

  void tell_idle();
  [[nodiscard]] domain::idle_report report(bool idle) const;

  // -- the turn's client --
  void deliver(domain::event&& what);
  void fail_turn(); ///< with reason_
  void report_turn_end(bool reusable);

  // -- plumbing --
  /// `encode` is one of claude/encoder's functions, or calls it.
  template <class Encode>
  void send_control(claude::control_call call, std::chrono::milliseconds timeout, Encode encode);
  void write(std::string line);
  void set_deadline(std::chrono::milliseconds after);
  void arm_timer();
  void on_timer();
  /// A call, a seeded line or the answer has not moved on in time: which one.
  [[nodiscard]] std::optional<std::string_view> late_part(clock::time_point now);
  void leave_service();

  io_shard& shard_;
  process_listener_actor parent_;
  std::shared_ptr<process::child_pipes> pipes_;
  domain::process_id id_;
  domain::process_state state_ = domain::process_state::spawning;
  claude::decoder decoder_;
  claude::control_channel control_;
  std::uint64_t unknown_counted_ = 0;
  std::uint64_t malformed_counted_ = 0;
  unsigned malformed_in_a_row_ = 0;

  /// What the child was told ahead. Of it, what has not been answered yet:
  std::optional<claude::priming> primed_;
  bool prompt_awaited_ = false;
  bool message_awaited_ = false;

  std::optional<running_turn> turn_;
  phase phase_ = phase::none;
  std::size_t seeded_ = 0; ///< messages of the seed that were sent
  /// Set while a seeded user line has not been acknowledged: until when it must be.
  std::optional<clock::time_point> seed_deadline_;
  /// Set while an answer is awaited: until when the next line must come.
  std::optional<clock::time_point> answer_deadline_;
  bool answering_ = false; ///< something came since the query
  std::size_t rewinds_left_ = 0;
  std::vector<told_line> told_;     ///< all of its user messages, in order
  bool answer_told_ = false;        ///< it holds some answer
  bool nameless_ = false;           ///< as in run_turn
  bool rewinds_to_nothing_ = false; ///< as in claude/capabilities
  clock::time_point ordered_at_;    ///< when the turn came
  clock::time_point ready_at_;      ///< when the process was booted
  clock::time_point asked_at_;      ///< when the turn's query was sent
  std::optional<claude::turn_mapper> mapper_;
  std::vector<domain::event> events_;
  domain::turn_settings applied_;
  ending reason_;

  asio::steady_timer timer_;
  clock::time_point deadline_ = clock::time_point::max();
  clock::time_point armed_for_ = clock::time_point::max();
  clock::time_point idle_since_;
  std::uint32_t turns_ = 0; ///< that it has run
  unsigned close_step_ = 0;
  bool crashed_ = false; ///< its end was not our wish
  bool reaped_ = false;  ///< the child is gone; its last lines may not be read yet
  bool tell_when_idle_ = false;
  bool out_of_service_ = false; ///< process_ended has been sent
};

} // namespace ccapi::actors
