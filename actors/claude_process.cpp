#include "actors/claude_process.hpp"

#include "claude/encoder.hpp"
#include "domain/ids.hpp"
#include "domain/turn_plan.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::actors {

// They are written all at once.
static_assert(domain::rewinds_max < claude::control_channel::pending_max);

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
      return domain::idle_report{id_, idle, idle_since_, turns_};
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
  if (turn_
      || domain::next_step(state_, process_trigger::turn_ordered).action
           == process_action::bounce_order) {
    send(parent_,
         turn_ended{.turn = order.turn, .process = id_, .outcome = turn_outcome::not_started});
    return;
  }
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
    if (std::exchange(tell_when_idle_, false))
      send(shard_.supervisor, process_idle{id_});
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

void claude_process::configure() {
  if (primed_) {
    if (message_awaited_)
      seed_deadline_ = clock::now() + shard_.settings.claude.control_timeout;
    arm_timer();
    return settle_priming();
  }
  if (turn_->order().system_prompt.empty())
    apply(process_trigger::configured); // argv has set the empty one
  else
    send_control(claude::control_call::initialize, shard_.settings.claude.control_timeout,
                 [this](std::string& line, std::string_view id) {
                   claude::initialize(line, id, turn_->order().system_prompt);
                 });
}

void claude_process::settle_priming() {
  if (state_ != process_state::configuring || prompt_awaited_ || message_awaited_)
    return;
  seed_deadline_.reset();
  if (primed_->message.empty())
    apply(process_trigger::configured);
  else
    send_rewind_of(primed_->message, shard_.settings.claude.control_timeout);
}

void claude_process::spoil_priming() {
  send(shard_.supervisor, priming_failed{id_});
  turn_->give_back();
  apply(process_trigger::turn_spoiled);
}

void claude_process::begin_turn() {
  if (turn_->order().rewinds > 0)
    rewind_to_start();
  else
    send_settings();
}

/// All at once: the CLI keeps the order, and one that it refuses changes nothing (measured).
void claude_process::rewind_to_start() {
  if (turn_->order().rewinds > rewindable())
    return on_rewound(false);
  phase_ = phase::rewinding;
  rewinds_left_ = turn_->order().rewinds;
  for (std::size_t back = 1; back <= turn_->order().rewinds && phase_ == phase::rewinding; ++back)
    send_rewind_of(told_[told_.size() - back].uuid, shard_.settings.claude.control_timeout);
}

void claude_process::on_rewound(bool ok) {
  if (!ok) { // its dialogue is not what was thought: the turn is better off elsewhere
    turn_->give_back();
    return apply(process_trigger::turn_spoiled);
  }
  if (--rewinds_left_ > 0)
    return;
  for (auto count = turn_->order().rewinds; count > 0; --count)
    forget_last_told();
  send_settings();
}

void claude_process::send_settings() {
  if (turn_->order().sampling == applied_) {
    phase_ = phase::seeding;
    send_seed();
  } else {
    phase_ = phase::settings;
    send_control(claude::control_call::apply_settings, shard_.settings.claude.control_timeout,
                 [this](std::string& line, std::string_view id) {
                   claude::apply_settings(line, id, turn_->order().sampling);
                 });
  }
}

void claude_process::send_seed() {
  seed_deadline_.reset();
  while (seeded_ < turn_->order().seed.size()) {
    const auto& entry = turn_->order().seed[seeded_++];
    if (entry.text.empty()) { // the CLI drops these anyway
      if (entry.role == domain::role::user)
        note_told({});
      continue;
    }
    std::string line;
    if (entry.role == domain::role::user) {
      // Its result must come before the next line, else the CLI mixes up the order.
      note_told(domain::random_uuid());
      claude::seed_user_line(line, told_.back().uuid, entry.text);
      seed_deadline_ = clock::now() + shard_.settings.claude.control_timeout;
      arm_timer();
      write(std::move(line));
      return;
    }
    answer_told_ = true;
    claude::seed_assistant_line(line, domain::random_uuid(), "msg_" + domain::random_hex_128(),
                                entry.text);
    write(std::move(line));
    if (state_ != process_state::turn || !pipes_->input_idle())
      return; // goes on when the pipe has taken it
  }
  send_query();
}

void claude_process::send_query() {
  mapper_.emplace();
  phase_ = phase::answering;
  answering_ = false;
  answer_deadline_ = clock::now() + shard_.settings.claude.first_event_timeout;
  arm_timer();
  std::string line;
  note_told(domain::random_uuid());
  claude::user_line(line, told_.back().uuid, turn_->order().query.text);
  asked_at_ = clock::now();
  write(std::move(line));
}

void claude_process::note_told(std::string uuid) {
  told_.push_back({std::move(uuid), answer_told_});
}

void claude_process::forget_last_told() {
  if (told_.empty())
    return;
  answer_told_ = told_.back().answer_before;
  told_.pop_back();
}

std::size_t claude_process::rewindable() const noexcept {
  // What the CLI was not told it can't take back; what it was told behind that would stay.
  const auto stuck = [this](const told_line& line) {
    return line.uuid.empty() || (!rewinds_to_nothing_ && !line.answer_before);
  };
  return static_cast<std::size_t>(std::find_if(told_.rbegin(), told_.rend(), stuck)
                                  - told_.rbegin());
}

void claude_process::send_interrupt() {
  // What is left of the turn has no reader, so credit no longer counts.
  pipes_->resume_reading();
  answer_deadline_.reset();
  if (phase_ != phase::answering)
    return apply(process_trigger::close); // half a dialogue is of no use to anybody
  send_control(claude::control_call::interrupt, shard_.settings.claude.interrupt_timeout,
               claude::interrupt);
  set_deadline(shard_.settings.claude.interrupt_timeout);
}

void claude_process::send_rewind() {
  phase_ = phase::none;
  answer_deadline_.reset();
  deadline_ = clock::time_point::max();
  send_rewind_of(told_.back().uuid, shard_.settings.claude.interrupt_timeout);
}

void claude_process::send_rewind_of(const std::string& uuid, std::chrono::milliseconds timeout) {
  send_control(claude::control_call::rewind_conversation, timeout,
               [&uuid](std::string& line, std::string_view id) {
                 claude::rewind_conversation(line, id, uuid);
               });
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
    auto& times = shard_.totals.times;
    if (turns_ == 0)
      times.boot.add(started->boot);
    times.setup.add(started->setup);
    times.first.add(started->first);
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

template <class Encode>
void claude_process::send_control(claude::control_call call, std::chrono::milliseconds timeout,
                                  Encode encode) {
  const auto id = control_.begin(call, clock::now() + timeout);
  if (id.empty())
    return lose(error_code::upstream_crash, "The Claude process does not answer.",
                "too many open control requests");
  std::string line;
  encode(line, id);
  write(std::move(line));
  arm_timer();
}

void claude_process::write(std::string line) {
  if (!pipes_->write(std::move(line)))
    lose(error_code::upstream_crash, "The Claude process does not read its input.",
         "input queue full");
}

} // namespace ccapi::actors
