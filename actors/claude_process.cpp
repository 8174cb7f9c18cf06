#include "actors/claude_process.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace ccapi::actors {

namespace {

using domain::error_code;
using domain::process_action;
using domain::process_state;
using domain::process_trigger;

/// Room for one line of a request or answer in JSON (escapes take up to six bytes a character).
std::size_t input_bytes_max(const config::limits_settings& limits) {
  return 6 * std::max(limits.body_bytes_max, limits.answer_bytes_max) + (std::size_t{1} << 20);
}

} // namespace

claude_process::claude_process(caf::actor_config& config, io_home& home, io_shard& shard,
                               process_listener_actor parent, process::child_process child,
                               std::optional<claude::priming> primed)
  : on_io{config, home},
    shard_{shard},
    parent_{std::move(parent)},
    id_{child.id},
    primed_{std::move(primed)},
    prompt_awaited_{primed_ && primed_->sets_prompt},
    message_awaited_{primed_ && !primed_->message.empty()},
    timer_{home.loop()},
    idle_since_{clock::now()} {
  const auto& limits = shard.settings.limits;
  pipes_ = std::make_shared<process::child_pipes>(
    home.loop(), std::move(child),
    process::child_pipes::limits{limits.cli_line_bytes_max, limits.cli_stderr_bytes_max,
                                 input_bytes_max(limits)},
    *this);
}

claude_process::behavior_type claude_process::make_behavior() {
  context(&home());
  set_down_handler([this](const caf::down_msg& what) {
    if (what.source == caf::actor_cast<caf::actor_addr>(parent_))
      apply(process_trigger::close);
  });
  send(shard_.supervisor,
       process_claimed{id_, caf::actor_cast<claude_process_actor>(self_reference())});
  pipes_->start();
  // claude::first_line has asked this already.
  static_cast<void>(control_.begin(claude::control_call::get_binary_version,
                                   clock::now() + shard_.settings.claude.boot_timeout));
  if (prompt_awaited_) // so has claude::priming_for
    static_cast<void>(control_.begin(claude::control_call::initialize,
                                     clock::now() + shard_.settings.claude.control_timeout));
  arm_timer();
  return {
    [this](adopt_process& what) { return on_adopt_process(what); },
    [this](run_turn& order) { on_run_turn(order); },
    [this](const cancel_turn& what) { on_cancel_turn(what); },
    [this](const grant_credit& what) { on_grant_credit(what); },
    [this](const close_process&) {
      reason_ = {{.code = error_code::draining, .message = "The gateway is shutting down."}};
      apply(process_trigger::close);
    },
    [this](const probe_idle&) {
      const bool idle = state_ == process_state::idle || state_ == process_state::booted;
      tell_when_idle_ = !idle;
      return report(idle);
    },
    [this](const retire&) {
      apply(process_trigger::retire);
      return state_ == process_state::closing;
    },
    [this](const child_exited& what) { on_child_exited(what); },
  };
}

void claude_process::on_exit() {
  // Only an actor that was killed still has a turn; its client must hear of it.
  reason_ = {{.code = error_code::internal, .message = "The gateway lost track of the turn."}};
  fail_turn();
  leave_service();
  timer_.cancel();
  pipes_->stop();
  destroy(parent_);
}

// -- messages ----------------------------------------------------------------------------------

bool claude_process::on_adopt_process(adopt_process& what) {
  // From hand to hand: whoever has it by now may have died without knowing of it.
  demonitor(caf::actor_cast<caf::actor_addr>(parent_));
  parent_ = std::move(what.parent);
  monitor(parent_);
  return state_ == process_state::idle;
}

void claude_process::on_run_turn(run_turn& order) {
  // Some CLIs fail every turn in a directory that was removed (2.1.197).
  const bool homeless = state_ < process_state::closing && !turn_ && pipes_->directory_gone();
  if (turn_ || homeless
      || domain::next_step(state_, process_trigger::turn_ordered).action
           == process_action::bounce_order) {
    send(parent_,
         turn_ended{.turn = order.turn, .process = id_, .outcome = turn_outcome::not_started});
    if (homeless) {
      shard_.log.info("process ends: its working directory was removed", {{"process", id_}});
      apply(process_trigger::close);
    }
    return;
  }
  nameless_ = order.nameless;
  turn_.emplace(std::move(order), shard_.settings.limits);
  seeded_ = 0;
  ordered_at_ = clock::now();
  deadline_ = turn_->order().deadline;
  arm_timer();
  apply(process_trigger::turn_ordered);
}

void claude_process::on_cancel_turn(const cancel_turn& what) {
  if (!turn_ || turn_->order().turn != what.turn)
    return;
  turn_->abandon();
  reason_ = {{.code = error_code::cancelled, .message = "The client went away."}};
  apply(process_trigger::interrupt);
}

void claude_process::on_grant_credit(const grant_credit& what) {
  if (!turn_ || turn_->order().turn != what.turn || !turn_->grant(what.bytes))
    return;
  if (answer_deadline_ && pipes_->paused()) // its silence was our doing
    answer_deadline_ = clock::now() + shard_.settings.claude.event_idle_timeout;
  pipes_->resume_reading();
}

// -- the table's actions -------------------------------------------------------------------------

void claude_process::apply(process_trigger what) {
  const auto before = state_;
  const auto step = domain::next_step(state_, what);
  state_ = step.next;
  const bool wished = what == process_trigger::close || what == process_trigger::interrupt;
  if (before == process_state::spawning && state_ >= process_state::closing && !wished)
    send(shard_.supervisor, process_booted{.process = id_, .failure = reason_.why});
  perform(step.action);
}

void claude_process::perform(process_action action) {
  switch (action) {
  case process_action::none:
  case process_action::keep_order:
  case process_action::bounce_order: // on_run_turn has given it back
    return;
  case process_action::configure:
    return configure();
  case process_action::begin_turn:
    return begin_turn();
  case process_action::rest:
    report_turn_end(true);
    decoder_.trim();
    idle_since_ = clock::now();
    if (tell_when_idle_)
      // Behind the turn's end in the loop: the conversation is at rest before anybody is told that
      // its process is to be had.
      asio::post(home().loop(), [this, keep = self_reference()] { tell_idle(); });
    return;
  case process_action::end_turn_close:
    report_turn_end(false);
    return begin_close();
  case process_action::send_interrupt:
    return send_interrupt();
  case process_action::send_rewind:
    return send_rewind();
  case process_action::fail_close:
    fail_turn();
    begin_close();
    return escalate(); // what is broken or in mid-turn heeds no end of input
  case process_action::begin_close:
    return begin_close();
  case process_action::escalate:
    return escalate();
  case process_action::fail_gone:
  case process_action::report_gone:
    fail_turn();
    leave_service();
    quit();
    return;
  }
}

void claude_process::tell_idle() {
  if (state_ == process_state::idle && std::exchange(tell_when_idle_, false))
    send(shard_.supervisor, process_idle{report(true)});
}

domain::idle_report claude_process::report(bool idle) const {
  const bool one_turn = told_.size() == 1 && rewindable() == 1;
  return {.process = id_,
          .idle = idle,
          .idle_since = idle_since_,
          .turns = turns_,
          .leads_back = idle && nameless_ && one_turn};
}

// -- the turn's client ---------------------------------------------------------------------------

void claude_process::deliver(domain::event&& what) {
  if (auto* started = std::get_if<domain::answer_started>(&what)) {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    const auto ready = std::max(ordered_at_, ready_at_);
    started->boot = duration_cast<microseconds>(ready - ordered_at_);
    started->setup = duration_cast<microseconds>(asked_at_ - ready);
    started->first = duration_cast<microseconds>(clock::now() - asked_at_);
    const auto& asked = turn_->order().model;
    if (!asked.starts_with("claude-") && !started->fell_back) // a name of the CLI's own
      shard_.models->learn_name(asked, started->model);
    if (turns_ == 0)
      shard_.totals.boot_times.add(started->boot);
    shard_.totals.setup_times.add(started->setup);
    shard_.totals.first_times.add(started->first);
  }
  switch (turn_->deliver(std::move(what))) {
  case delivery::go_on:
    return;
  case delivery::pause:
    return pipes_->pause_reading();
  case delivery::too_long:
    return give_up(error_code::upstream_error, "The answer is longer than limits.answer_bytes_max.",
                   {});
  }
}

void claude_process::fail_turn() {
  if (!turn_)
    return;
  if (reason_.process_lost)
    turn_->lose(reason_.why);
  else
    turn_->fail(reason_.why);
  report_turn_end(false);
}

void claude_process::report_turn_end(bool reusable) {
  if (!turn_)
    return;
  send(parent_, turn_->report(id_, reusable, rewindable()));
  turn_.reset();
  mapper_.reset();
  phase_ = phase::none;
  seed_deadline_.reset();
  answer_deadline_.reset();
  pipes_->resume_reading();
  deadline_ = clock::time_point::max();
  if (reaped_) // nothing will come any more; whoever still holds the pipe is not our child
    set_deadline(shard_.settings.claude.close_grace);
}

// -- plumbing ------------------------------------------------------------------------------------

void claude_process::write(std::string line) {
  if (!pipes_->write(std::move(line)))
    lose(error_code::upstream_crash, "The Claude process does not read its input.",
         "input queue full");
}

} // namespace ccapi::actors
