#include "actors/turns/conversation.hpp"

#include "domain/dialogue/open_calls.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::actors {

namespace {

using domain::error_code;

constexpr std::size_t interrupted_kept = 4;

void fail_sink(const std::shared_ptr<domain::event_sink>& sink, const domain::error& why) {
  if (!sink)
    return;
  sink->on_event(domain::turn_failed{why});
  sink->on_flush();
}

} // namespace

conversation::conversation(caf::actor_config& config, io_home& home, io_shard& shard,
                           std::shared_ptr<conversation_record> record)
  : on_io{config, home},
    shard_{shard},
    record_{std::move(record)} {}

conversation::behavior_type conversation::make_behavior() {
  context(&home());
  return {
    [this](turn_ended& what) { on_turn_ended(what); },
    [this](const process_ended& what) { on_process_ended(what); },
    [this](submit_turn& order) { on_submit_turn(order); },
    [this](const cancel_turn& what) { on_cancel_turn(what); },
    [this](const grant_credit& what) { on_grant_credit(what); },
    [this](const close_all&) { on_close_all(); },
    [this](const forget_conversation&) { on_forget_conversation(); },
    [this](const run_again& what) { on_run_again(what); },
  };
}

void conversation::on_exit() {
  // Only an actor that was killed still has turns. Their clients hear of it by the guards that
  // stand in for their sinks, or by the process; the next turn must not be mailed to it.
  waiting_.clear();
  if (active_ && active_->handed_over)
    detach_turn();
  else if (active_ && active_->lease != 0)
    send(shard_.supervisor, withdraw_lease{active_->lease});
  active_.reset();
  if (record_->actor && record_->actor.id() == id()) {
    record_->turns_in_mail = 0;
    record_->process.reset();
    destroy(record_->actor);
    shard_.conversations.changed(*record_);
  }
  record_.reset(); // timers may keep this object for a while, but not the dialogue
}

// -- messages ----------------------------------------------------------------------------------

void conversation::on_turn_ended(turn_ended& what) {
  auto& process = record_->process;
  if (!active_ || active_->order.turn != what.turn || !process || process->id() != what.process)
    return;
  detach_turn();
  book(what.usage.cost_micro_usd);
  if (what.reusable && process->handle()) {
    process->holds = active_->plan.before;
    process->goes_on_at = asked().before;
    process->rewindable = what.rewindable;
    process->open_calls = what.open_calls;
    if (is_flawed(what))
      note_flawed(what);
  } else {
    let_process_go();
  }
  if (what.outcome == turn_outcome::not_started && !active_->cancelled) {
    // The process was on its way out: the same turn, whole, on another one.
    return request_process();
  }
  if (what.failure
      && (what.outcome == turn_outcome::lost || what.failure->code == error_code::upstream_crash))
    ++shard_.totals.processes_failed;
  if (run_without_parameter(what) || run_repair(what))
    return;
  if (what.outcome == turn_outcome::lost) {
    if (run_again_later(what))
      return;
    what.last_word = domain::turn_failed{*what.failure, what.usage};
  }
  if (active_->asked)
    settle_repair(what);
  active_->previous = record_->head;
  active_->last_word = std::exchange(what.last_word, std::nullopt);
  record_outcome(what);
  if (!keep(what))
    conclude();
}

void conversation::conclude() {
  const auto sink = std::move(active_->order.sink);
  auto last_word = std::move(active_->last_word);
  const bool unstored = active_->unstored;
  finish_active();
  // Only now: whichever thread its next request comes by, the client finds its conversation at
  // rest.
  if (!sink || !last_word)
    return;
  if (auto* finished = std::get_if<domain::turn_finished>(&*last_word))
    finished->unstored = unstored;
  sink->on_event(*std::move(last_word));
  sink->on_flush();
}

void conversation::on_process_ended(const process_ended& what) {
  if (!record_->process || record_->process->id() != what.process)
    return;
  let_process_go();
  if (!active_ || !active_->handed_over)
    return;
  detach_turn(); // the order reached it too late
  active_->cancelled ? finish_active() : request_process();
}

void conversation::on_submit_turn(submit_turn& order) {
  const auto sink = order.sink;
  sink->on_event(domain::turn_accepted{record_->id});
  // Until the others have made way it counts as mail: this actor must not end under it.
  const bool goes_on = !shard_.closing && (!active_ || apply_busy_policy(order));
  --record_->turns_in_mail;
  if (shard_.closing) {
    fail_sink(sink, {.code = error_code::draining, .message = "The gateway is shutting down."});
    return active_ ? void() : rest();
  }
  if (!goes_on)
    return;
  if (active_)
    waiting_.push_back(std::move(order));
  else
    begin(std::move(order));
  sink->on_flush();
}

bool conversation::apply_busy_policy(const submit_turn& order) {
  const domain::error busy{.code = error_code::conversation_busy,
                           .message = "Another request of this conversation is being answered.",
                           .retry_after = std::chrono::seconds{1}};
  switch (shard_.settings.conversation.busy) {
  case config::busy_policy::reject:
    if (active_->cancelled && waiting_.empty())
      break; // nobody waits for that one: it is only being taken back
    fail_sink(order.sink, busy);
    return false;
  case config::busy_policy::interrupt: {
    const domain::error replaced{.code = error_code::conversation_busy,
                                 .message = "A newer request took this one's place.",
                                 .retry_useful = false};
    for (const auto& each : std::exchange(waiting_, {}))
      fail_sink(each.sink, replaced);
    if (active_->waits != store_wait::commit) {
      fail_active(replaced);
      on_cancel_turn({active_->order.turn});
    }
    return true;
  }
  case config::busy_policy::queue:
    break;
  }
  if (waiting_.size() < shard_.settings.conversation.queue_max)
    return true;
  fail_sink(order.sink, {.code = error_code::server_busy,
                         .message = "Too many requests wait for this conversation already.",
                         .retry_after = std::chrono::seconds{1}});
  return false;
}

void conversation::on_cancel_turn(const cancel_turn& what) {
  if (active_ && active_->order.turn == what.turn) {
    active_->cancelled = true;
    active_->order.sink.reset();
    if (active_->handed_over)
      return tell_process(what);
    if (active_->waits == store_wait::commit)
      return; // it is over anyway
    withdraw_active({});
    return finish_active();
  }
  std::erase_if(waiting_, [&](const submit_turn& order) { return order.turn == what.turn; });
}

void conversation::on_grant_credit(const grant_credit& what) {
  if (active_ && active_->handed_over && active_->order.turn == what.turn)
    tell_process(what);
}

void conversation::on_close_all() {
  if (active_ && active_->handed_over)
    tell_process(close_process{});
  fail_waiting({.code = error_code::draining, .message = "The gateway is shutting down."});
}

void conversation::on_forget_conversation() {
  forgotten_ = true;
  const domain::error why{.code = error_code::not_found,
                          .message = "The conversation was deleted.",
                          .retry_useful = false};
  fail_waiting(why);
  if (!active_ || active_->waits == store_wait::commit)
    return;
  // Its process has the turn: interrupted as if the client had left, then the end.
  fail_active(why);
  on_cancel_turn({active_->order.turn});
}

void conversation::fail_waiting(const domain::error& why) {
  for (const auto& order : std::exchange(waiting_, {}))
    fail_sink(order.sink, why);
  if (active_ && !active_->handed_over && active_->waits != store_wait::commit) {
    withdraw_active(why);
    finish_active();
  }
}

void conversation::on_run_again(const run_again& what) {
  if (active_ && active_->order.turn == what.turn)
    request_process(); // else its client has left
}

// -- turns ---------------------------------------------------------------------------------------

void conversation::start_next() {
  if (waiting_.empty())
    return rest();
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  begin(std::move(next));
}

void conversation::begin(submit_turn&& order) {
  active_.emplace();
  active_->order = std::move(order);
  shard_.conversations.wake(*record_);
  shard_.retries.on_turn();
  needs_loading() ? load() : go_on();
}

void conversation::go_on() {
  auto& request = active_->order.request;
  if (!request.model_given && !record_->model.empty())
    request.model = record_->model;
  if (!account_allows() || !settle_active() || !plan_active()) {
    give_back(active_->order.donor);
    return finish_active();
  }
  active_->order.donor.reset();
  to_own_or_new_process();
}

void conversation::give_back(const std::shared_ptr<conversation_record>& donor) {
  if (!donor || donor->in_use() || !record_->process)
    return;
  shard_.conversations.hand_over(*record_, donor);
  shard_.conversations.rest(*donor, donor->process->goes_on_at, home().system().clock().now(),
                            donor->process->id());
}

void conversation::to_own_or_new_process() {
  if (const auto& process = record_->process; process && process->handle())
    if (const auto how = process->way_to(active_->plan.before, active_->plan.query,
                                         active_->order.allow_full_rewind))
      return hand_to_process(how);
  record_->process.reset();
  request_process();
}

void conversation::withdraw_active(const domain::error& why) {
  if (active_->lease != 0)
    send(shard_.supervisor, withdraw_lease{active_->lease});
  fail_active(why);
}

void conversation::fail_active(const domain::error& why) {
  fail_sink(active_->order.sink, why);
  active_->order.sink.reset();
}

void conversation::refuse_active(const domain::error& why) {
  fail_active(why);
  finish_active();
}

void conversation::record_outcome(turn_ended& what) {
  if (what.outcome == turn_outcome::finished) {
    auto call_ids = domain::ids_of_calls(what.answer);
    shard_.totals.turns_with_calls += call_ids.empty() ? 0U : 1U;
    record_->head =
      domain::answered(shard_.conversations.dialogues(), asked(), std::move(what.answer));
    // Only where others got here first, with calls of other ids.
    record_->open_calls = call_ids == domain::ids_of_calls(record_->head->said())
                            ? std::vector<std::string>{}
                            : std::move(call_ids);
    domain::prefix_index::mark(record_->head, record_->number);
    if (const auto& process = record_->process) {
      process->goes_on_at = record_->head;
      if (!what.rewound && !active_->asked)
        process->holds = record_->head;
    }
    ++record_->turn_count;
    record_->total_tokens += what.usage.prompt_tokens() + what.usage.output_tokens;
    record_->updated_at = domain::wall_clock_now();
    shard_.conversations.changed(*record_);
    count_answered(what.usage);
    if (shard_.health.state == domain::health_state::degraded)
      send(shard_.supervisor, login_report{true});
  } else if (what.outcome == turn_outcome::cancelled) {
    note_interrupted(std::move(what.answer));
  } else if (what.failure && what.failure->code == error_code::upstream_auth) {
    send(shard_.supervisor, login_report{false});
  }
}

void conversation::note_interrupted(domain::message said) {
  auto& turns = record_->interrupted;
  auto& plan = active_->asked ? *active_->asked : active_->plan;
  turns.push_back({plan.before->depth(), std::move(plan.query), std::move(said)});
  if (turns.size() > interrupted_kept)
    turns.pop_front();
  shard_.conversations.changed(*record_);
}

void conversation::finish_active() {
  active_.reset();
  start_next();
}

void conversation::rest() {
  if (record_->turns_in_mail > 0)
    return; // the next one goes on from here
  // Without a name and a dialogue nobody would come back to it; but a process that has taken back
  // its only turn can begin another dialogue.
  const auto& process = record_->process;
  const bool found_again =
    process && process->handle()
    && (record_->named
        || (process->goes_on_at
            && (process->goes_on_at->depth() > 0 || shard_.settings.process_pool.reuse)));
  if (found_again && !forgotten_ && !shard_.closing)
    shard_.conversations.rest(*record_, process->goes_on_at, home().system().clock().now(),
                              process->id());
  else
    record_->process.reset();
  if (!record_->process && record_->left_no_trace())
    shard_.conversations.forget(*record_);
  // A turn that comes from now on gets an actor of its own over the same record.
  destroy(record_->actor);
  shard_.conversations.changed(*record_);
  shard_.conversations.leave_to_store(*record_);
  quit();
}

} // namespace ccapi::actors
