#pragma once
// claude_process: runs one CLI child: moves its lines, keeps its timer, and ends it.

#include "actors/interfaces.hpp"
#include "actors/io/asio_host.hpp"
#include "actors/io/io_shard.hpp"
#include "actors/messages.hpp"
#include "actors/turns/running_turn.hpp"
#include "claude/session.hpp"
#include "process/child_pipes.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace ccapi::actors {

/// Life cycle: made by a conversation from a leased child, on the conversation's I/O thread, where
/// other conversations may have it later; ends when the supervisor says that the child is reaped.
/// What is said and done when is decided by claude::session; this class performs it. Limits: one
/// turn at a time, one timer, the stream's byte credit (beyond it the pipe is not read).
class claude_process final : public on_io<claude_process_actor::base>,
                             public process::child_pipes::listener {
public:
  claude_process(caf::actor_config& config, io_home& home, io_shard& shard,
                 process::child_process child, std::optional<claude::priming> primed = {});

  const char* name() const override { return "claude_process"; }
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using clock = std::chrono::steady_clock;

  // -- messages, in the order of interfaces.hpp --
  void on_run_turn(run_turn& order);
  void on_cancel_turn(const cancel_turn& what);
  void on_grant_credit(const grant_credit& what);
  void on_close_process();
  domain::idle_report on_probe_idle();
  bool on_retire(const retire& what);
  void on_child_exited(const child_exited& what);

  // -- child_pipes::listener --
  void on_line(std::string_view line) override;
  void on_lines_end() override;
  void on_input_drained() override;
  void on_pipes_failed(std::string_view why) override;

  // -- what the session says --
  /// All that came of the last input: events, lines, steps.
  void perform();
  void show(domain::event&& what);
  /// False: the process does not take them.
  [[nodiscard]] bool write_lines();
  void take(claude::session_step step);
  void note_start(const domain::answer_started& what);
  void count_lines();
  void count_parked(bool parked);

  // -- the turn's end, and the process's --
  void rest();
  void fail_turn();
  void report_turn_end(bool reusable);
  void tell_idle();
  [[nodiscard]] domain::idle_report report(bool idle) const;
  void stop_service();
  void leave_service();
  void log_defect() const;

  void arm_timer();
  void on_timer();

  io_shard& shard_;
  std::shared_ptr<process::child_pipes> pipes_;
  domain::process_id id_;
  claude::session session_;
  std::optional<running_turn> turn_;
  std::uint64_t unknown_counted_ = 0;
  std::uint64_t malformed_counted_ = 0;

  asio::steady_timer timer_;
  clock::time_point armed_for_ = clock::time_point::max();
  clock::time_point idle_since_;
  std::optional<clock::time_point> lines_read_at_; ///< those that are being handed out
  bool nameless_ = false;                          ///< as in run_turn, of the last one
  bool tell_when_idle_ = false;
  bool parked_ = false;         ///< counted as such
  bool out_of_service_ = false; ///< process_ended has been sent
};

} // namespace ccapi::actors
