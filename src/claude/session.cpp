// session: orders, deadlines and the process's end. session_turn.cpp has what a turn is sent,
// session_lines.cpp what comes back.

#include "claude/session.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::claude {

using domain::error_code;
using domain::process_action;
using domain::process_state;
using domain::process_trigger;

void session_output::clear() noexcept {
  events.clear();
  lines.clear();
  steps.clear();
  limits.clear();
}

session::session(const config::settings& settings, std::optional<priming> primed, time_point now)
  : settings_{settings},
    now_{now},
    primed_{std::move(primed)},
    prompt_awaited_{primed_ && primed_->sets_prompt},
    message_awaited_{primed_ && !primed_->message.empty()} {
  // first_line has asked this already.
  static_cast<void>(
    control_.begin(control_call::get_binary_version, now + settings.claude.boot_timeout));
  if (prompt_awaited_) // so has priming_for
    static_cast<void>(
      control_.begin(control_call::initialize, now + settings.claude.control_timeout));
}

// -- orders --------------------------------------------------------------------------------------

bool session::takes_turns() const noexcept {
  return !order_
         && domain::next_step(state_, process_trigger::turn_ordered).action
              != process_action::bounce_order;
}

void session::begin(const session_order& order, time_point now) {
  now_ = ordered_at_ = now;
  order_.emplace(order);
  outcome_ = outcome::open;
  answer_bytes_ = 0;
  cost_before_ = cost_told_;
  seeded_ = 0;
  deadline_ = order.deadline;
  apply(process_trigger::turn_ordered);
}

void session::cancel(time_point now) {
  now_ = now;
  if (!order_)
    return;
  if (outcome_ == outcome::open)
    outcome_ = outcome::cancelled;
  reason_ = {{.code = error_code::cancelled, .message = "The client went away."}};
  apply(process_trigger::interrupt);
}

void session::retire(time_point now) {
  now_ = now;
  apply(process_trigger::retire);
}

void session::close(domain::error why, time_point now) {
  now_ = now;
  reason_ = {std::move(why)};
  apply(process_trigger::close);
}

// -- the table -----------------------------------------------------------------------------------

void session::apply(process_trigger what) {
  const auto before = state_;
  const auto step = domain::next_step(state_, what);
  state_ = step.next;
  const bool wished = what == process_trigger::close || what == process_trigger::interrupt;
  if (before == process_state::spawning && state_ >= process_state::closing && !wished)
    out_.steps.push_back(session_step::report_failed_boot);
  perform(step.action);
}

void session::perform(process_action action) {
  switch (action) {
  case process_action::none:
  case process_action::keep_order:
  case process_action::bounce_order: // takes_turns() has said no
    return;
  case process_action::configure:
    return configure();
  case process_action::begin_turn:
    return begin_turn();
  case process_action::rest:
    end_turn(session_step::rest);
    if (state_ == process_state::parked)
      deadline_ = now_ + settings_.claude.tool_timeout;
    return decoder_.trim();
  case process_action::end_turn_close:
    end_turn(session_step::end_turn);
    return begin_close();
  case process_action::send_interrupt:
    return send_interrupt();
  case process_action::send_rewind:
    return send_rewind();
  case process_action::fail_close:
    fail_turn();
    begin_close();
    if (close_step_ == 0)
      escalate(); // what is broken or in mid-turn heeds no end of input
    return;
  case process_action::begin_close:
    return begin_close();
  case process_action::escalate:
    return escalate();
  case process_action::fail_gone:
  case process_action::report_gone:
    fail_turn();
    out_.steps.push_back(session_step::leave);
    return;
  }
}

void session::fail_turn() {
  if (order_)
    end_turn(session_step::fail_turn);
}

void session::end_turn(session_step how) {
  out_.steps.push_back(how);
  order_.reset();
  mapper_.reset();
  phase_ = phase::none;
  resuming_ = false;
  awaits_room_ = false;
  seed_deadline_.reset();
  answer_deadline_.reset();
  // Of a process that is gone nothing will come any more; whoever holds its pipe is not our child.
  deadline_ = reaped_ ? now_ + settings_.claude.close_grace : time_point::max();
}

void session::begin_close() {
  // At the end of its input the CLI fails the calls that wait, and asks the model once more
  // (measured on 2.1.197 to 2.1.332): a request that somebody pays for and nobody reads.
  const bool waits_for_results = tools_.open_calls() > 0;
  out_.steps.push_back(waits_for_results ? session_step::stop_service : session_step::begin_close);
  control_ = {}; // what is still owed must not hurry the ladder
  answer_deadline_.reset();
  deadline_ = now_ + settings_.claude.close_grace;
  if (waits_for_results)
    escalate();
}

void session::escalate() {
  static constexpr session_step ladder[] = {session_step::terminate, session_step::kill_tree,
                                            session_step::kill_shim};
  if (close_step_ < std::size(ladder)) {
    out_.steps.push_back(ladder[close_step_++]);
    deadline_ = now_ + settings_.claude.close_grace;
  } else {
    out_.steps.push_back(session_step::outlive);
    deadline_ = time_point::max();
  }
}

// -- beyond use ----------------------------------------------------------------------------------

void session::lose(error_code code, std::string what, std::string detail) {
  defect({.code = code,
          .message = std::move(what),
          .detail = std::move(detail),
          .retry_useful = code == error_code::cli_unavailable},
         true);
}

void session::give_up(error_code code, std::string what, std::string detail) {
  defect(
    {.code = code, .message = std::move(what), .detail = std::move(detail), .retry_useful = false},
    false);
}

void session::defect(domain::error why, bool process_lost) {
  crashed_ = true;
  reason_ = {.why = std::move(why), .process_lost = process_lost, .state = state_};
  out_.steps.push_back(session_step::report_defect);
  apply(process_trigger::defect);
}

void session::on_output_end(std::string_view why, time_point now) {
  now_ = now;
  if (state_ != process_state::closing)
    lose(state_ == process_state::spawning ? error_code::cli_unavailable
                                           : error_code::upstream_crash,
         "The Claude process ended unexpectedly.", std::string{why});
}

void session::on_input_full(time_point now) {
  now_ = now;
  lose(error_code::upstream_crash, "The Claude process does not read its input.",
       "input queue full");
}

bool session::ends_as_wished() const noexcept {
  return state_ == process_state::closing && !crashed_;
}

void session::on_exit(bool output_ended, time_point now) {
  now_ = now;
  // Its last lines may still be in the pipe; in a turn they count, and end with the pipe's end.
  if (std::exchange(reaped_, true) || ends_as_wished() || !order_ || output_ended)
    return end_with_process();
  deadline_ = now + settings_.claude.close_grace;
}

void session::end_with_process() {
  const bool spawning = state_ == process_state::spawning;
  reason_ = {.why = {.code = spawning ? error_code::cli_unavailable : error_code::upstream_crash,
                     .message = spawning ? "The Claude process ended before it was ready."
                                         : "The Claude process ended during the turn.",
                     .retry_useful = false},
             .process_lost = true,
             .state = state_};
  apply(process_trigger::exited);
}

// -- deadlines -----------------------------------------------------------------------------------

session::time_point session::wake_at() const {
  return std::min({deadline_, control_.next_deadline().value_or(deadline_),
                   seed_deadline_.value_or(deadline_), answer_deadline_.value_or(deadline_)});
}

void session::on_time(bool reading_paused, time_point now) {
  now_ = now;
  if (reaped_ && now >= deadline_) {
    // Somebody outside the tree holds the pipe, or a slow client still reads the last lines.
    const bool last_lines = reading_paused && order_ && now < order_->deadline;
    deadline_ = last_lines ? now + settings_.claude.close_grace : time_point::max();
    if (!last_lines)
      out_.steps.push_back(session_step::stop_reading);
    return;
  }
  const auto in_state = " in state " + std::string{to_string(state_)};
  if (const auto part = late_part(reading_paused)) {
    const bool spawning = state_ == process_state::spawning;
    lose(spawning ? error_code::cli_unavailable : error_code::timeout,
         spawning ? "The Claude process did not come up in time."
                  : "The Claude process stopped responding.",
         std::string{*part} + in_state);
  } else if (now >= deadline_) {
    deadline_ = time_point::max();
    reason_ = {{.code = error_code::timeout,
                .message = "The turn did not end within its time.",
                .detail = in_state.substr(1),
                .retry_useful = false}};
    if (state_ == process_state::turn && outcome_ == outcome::open) {
      outcome_ = outcome::failed;
      failure_ = error_code::timeout;
      out_.steps.push_back(session_step::tell_failure);
    }
    apply(process_trigger::deadline);
  }
}

std::optional<std::string_view> session::late_part(bool reading_paused) {
  if (const auto call = control_.expired(now_))
    return to_string(*call);
  if (seed_deadline_ && now_ >= *seed_deadline_)
    return phase_ == phase::leaving_run ? "end of a run" : "seeded line";
  if (!answer_deadline_ || now_ < *answer_deadline_)
    return std::nullopt;
  if (reading_paused) { // a slow client, no silent process
    answer_deadline_ = now_ + settings_.claude.event_idle_timeout;
    return std::nullopt;
  }
  return "answer";
}

void session::on_lines_end(time_point now) {
  if (answer_deadline_ && answering_) // else what came was for what was asked before the query
    answer_deadline_ = now + settings_.claude.event_idle_timeout;
}

void session::on_reader_back(time_point now) {
  if (answer_deadline_) // the silence was our doing
    answer_deadline_ = now + settings_.claude.event_idle_timeout;
}

} // namespace ccapi::claude
