// claude_process, the ending half: deadlines, what breaks a process, and the ladder of its close.

#include "actors/claude_process.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <csignal>
#include <utility>

namespace ccapi::actors {

namespace {

using domain::error_code;
using domain::process_state;
using domain::process_trigger;

} // namespace

// -- the child is gone
// -----------------------------------------------------------------------------

void claude_process::on_child_exited(const child_exited& what) {
  if (reaped_)
    return end_with_child(); // the pipe has ended, too
  const bool expected = state_ == process_state::closing && !crashed_;
  const auto level = expected ? observe::log_level::info : observe::log_level::warning;
  shard_.log.write(level, "process ended",
                   {{"process", id_},
                    {"exit_code", what.status.code},
                    {"signal", what.status.signal},
                    {"stderr", expected ? std::string{} : pipes_->stderr_tail(512)}});
  reaped_ = true;
  // Its last lines may still be in the pipe; in a turn they count, and end with the pipe's end.
  if (expected || !turn_ || pipes_->ended())
    return end_with_child();
  set_deadline(shard_.settings.claude.close_grace);
}

void claude_process::end_with_child() {
  reason_ = {{.code = state_ == process_state::spawning ? error_code::cli_unavailable
                                                        : error_code::upstream_crash,
              .message = state_ == process_state::spawning
                           ? "The Claude process ended before it was ready."
                           : "The Claude process ended during the turn.",
              .retry_useful = false},
             true};
  apply(process_trigger::exited);
}

// -- beyond use
// ------------------------------------------------------------------------------------

void claude_process::lose(error_code code, std::string message, std::string detail) {
  defect({{.code = code,
           .message = std::move(message),
           .detail = std::move(detail),
           .retry_useful = code == error_code::cli_unavailable},
          true});
}

void claude_process::give_up(error_code code, std::string message, std::string detail) {
  defect({{.code = code,
           .message = std::move(message),
           .detail = std::move(detail),
           .retry_useful = false}});
}

void claude_process::defect(ending reason) {
  crashed_ = true;
  shard_.log.warning("process broken", {{"process", id_},
                                        {"state", to_string(state_)},
                                        {"why", reason.why.message},
                                        {"detail", reason.why.detail},
                                        {"stderr", pipes_->stderr_tail(512)}});
  reason_ = std::move(reason);
  apply(process_trigger::defect);
}

// -- the ladder
// ------------------------------------------------------------------------------------

void claude_process::begin_close() {
  leave_service();
  control_ = {}; // what is still owed must not hurry the ladder
  answer_deadline_.reset();
  pipes_->resume_reading();
  pipes_->close_input();
  set_deadline(shard_.settings.claude.close_grace);
}

void claude_process::escalate() {
  switch (++close_step_) {
  case 1:
    pipes_->signal(SIGTERM);
    set_deadline(shard_.settings.claude.close_grace);
    return;
  case 2:
    pipes_->stop(); // closes the life pipe: the shim kills the tree
    set_deadline(shard_.settings.claude.close_grace);
    return;
  case 3:
    shard_.log.warning("process does not end; its shim is killed",
                       {{"process", id_}, {"pid", int{pipes_->pid()}}});
    pipes_->kill_shim();
    set_deadline(shard_.settings.claude.close_grace);
    return;
  default:
    shard_.log.error("process outlives its kill", {{"process", id_}, {"pid", int{pipes_->pid()}}});
    deadline_ = clock::time_point::max();
  }
}

void claude_process::leave_service() {
  if (!std::exchange(out_of_service_, true))
    send(parent_, process_ended{id_});
}

// -- deadlines
// -------------------------------------------------------------------------------------

void claude_process::set_deadline(std::chrono::milliseconds after) {
  deadline_ = clock::now() + after;
  arm_timer();
}

void claude_process::arm_timer() {
  const auto next =
    std::min({deadline_, control_.next_deadline().value_or(deadline_),
              seed_deadline_.value_or(deadline_), answer_deadline_.value_or(deadline_)});
  // An earlier wake-up only looks and re-arms, so a moved deadline costs nothing.
  if (next >= armed_for_)
    return;
  armed_for_ = next;
  timer_.expires_at(next);
  timer_.async_wait([this, keep = self_reference()](const boost::system::error_code& failure) {
    if (failure != boost::asio::error::operation_aborted)
      on_timer();
  });
}

void claude_process::on_timer() {
  armed_for_ = clock::time_point::max();
  const auto now = clock::now();
  if (reaped_ && now >= deadline_) {
    // Somebody outside the tree holds the pipe, or a slow client still reads the last lines.
    if (pipes_->paused() && turn_ && now < turn_->order().deadline)
      return set_deadline(shard_.settings.claude.close_grace);
    pipes_->stop();
    send(this, child_exited{id_, {}});
    return;
  }
  if (const auto part = late_part(now)) {
    const bool spawning = state_ == process_state::spawning;
    lose(spawning ? error_code::cli_unavailable : error_code::timeout,
         spawning ? "The Claude process did not come up in time."
                  : "The Claude process stopped responding.",
         std::string{*part} + " in state " + std::string{to_string(state_)});
  } else if (now >= deadline_) {
    deadline_ = clock::time_point::max();
    reason_ = {{.code = error_code::timeout,
                .message = "The turn did not end within its time.",
                .detail = "in state " + std::string{to_string(state_)},
                .retry_useful = false}};
    if (state_ == process_state::turn && turn_)
      turn_->deliver(domain::turn_failed{reason_.why}); // now, not when the CLI has stopped
    apply(process_trigger::deadline);
  }
  arm_timer();
}

std::optional<std::string_view> claude_process::late_part(clock::time_point now) {
  if (const auto call = control_.expired(now))
    return to_string(*call);
  if (seed_deadline_ && now >= *seed_deadline_)
    return "seeded line";
  if (!answer_deadline_ || now < *answer_deadline_)
    return std::nullopt;
  if (pipes_->paused()) { // a slow client, no silent process
    answer_deadline_ = now + shard_.settings.claude.event_idle_timeout;
    return std::nullopt;
  }
  return "answer";
}

} // namespace ccapi::actors
