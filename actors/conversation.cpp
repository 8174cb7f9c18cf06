#include "actors/conversation.hpp"

#include "actors/claude_process.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace ccapi::actors {

namespace {

using domain::error_code;

constexpr std::size_t interrupted_kept = 4;
/// Both ends are on this thread.
constexpr std::chrono::seconds lending_timeout{2};

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
    [this](const lend_process& what) { return on_lend_process(what); },
    [this](const cancel_turn& what) { on_cancel_turn(what); },
    [this](const grant_credit& what) { on_grant_credit(what); },
    [this](const close_all&) { on_close_all(); },
    [this](const forget_conversation&) { on_forget_conversation(); },
    [this](const run_again& what) { on_run_again(what); },
    [this](const tick&) { on_tick(); },
  };
}

void conversation::on_exit() {
  // Only an actor that was killed still has turns. Their clients hear of it by the lifelines that
  // stand in for their sinks, or by the process; the next turn must not be mailed to it.
  waiting_.clear();
  if (active_ && active_->handed_over)
    take_back();
  else if (active_ && active_->lease != 0)
    send(shard_.supervisor, withdraw_lease{active_->lease});
  active_.reset();
  if (process_)
    send(process_, close_process{});
  destroy(process_);
  if (record_->actor && record_->actor.id() == id()) {
    record_->turns_in_mail = 0;
    shard_.conversations.wake(*record_);
    destroy(record_->actor);
  }
  process_holds_.reset();
  record_.reset(); // timers may keep this object for a while, but not the dialogue
}

// -- messages ----------------------------------------------------------------------------------

void conversation::on_turn_ended(turn_ended& what) {
  if (!active_ || active_->order.turn != what.turn || process_id_ != what.process)
    return;
  take_back();
  if (what.reusable) {
    process_holds_ = active_->plan.before;
    rewindable_ = what.rewindable;
  } else {
    drop_process();
  }
  if (what.outcome == turn_outcome::not_started && !active_->cancelled) {
    // The process was on its way out: the same turn, whole, on another one.
    return request_process();
  }
  if (what.failure
      && (what.outcome == turn_outcome::lost || what.failure->code == error_code::upstream_crash))
    ++shard_.totals.processes_failed;
  if (what.outcome == turn_outcome::lost) {
    if (run_again_later(what))
      return;
    what.last_word = domain::turn_failed{*what.failure};
  }
  record_outcome(what);
  const auto sink = std::move(active_->order.sink);
  finish_active();
  // Only now: whichever thread its next request comes by, the client finds its conversation at
  // rest.
  if (sink && what.last_word) {
    sink->on_event(*std::move(what.last_word));
    sink->on_flush();
  }
}

void conversation::on_process_ended(const process_ended& what) {
  if (process_ && process_id_ == what.process) {
    drop_process();
    if (active_ && active_->handed_over) { // the order reached it too late
      take_back();
      return active_->cancelled ? finish_active() : request_process();
    }
  }
  if (!process_ && !active_)
    rest();
}

void conversation::on_submit_turn(submit_turn& order) {
  --record_->turns_in_mail;
  const auto sink = order.sink;
  sink->on_event(domain::turn_accepted{record_->id});
  if (closing_) {
    fail_sink(sink, {.code = error_code::draining, .message = "The gateway is shutting down."});
    if (!process_ && !active_)
      rest();
    return;
  }
  if (active_ && !make_way(order))
    return;
  waiting_.push_back(std::move(order));
  if (!active_)
    start_next();
  sink->on_flush();
}

bool conversation::make_way(const submit_turn& order) {
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
    fail_active(replaced);
    on_cancel_turn({active_->order.turn});
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

process_loan conversation::on_lend_process(const lend_process& what) {
  const bool idle = process_ && !active_ && record_->turns_in_mail == 0 && !closing_ && !forgotten_;
  if (!idle || !domain::approach_to(what.wanted, process_holds_, rewindable_, what.by_nothing)) {
    if (!active_ && process_)
      rest(); // the front end took it out of those who do
    return {};
  }
  caf::anon_send(process_, adopt_process{what.borrower}); // the borrower asks for the answer
  process_loan loan{process_, process_id_, std::move(process_holds_), rewindable_};
  drop_process();
  rest();
  return loan;
}

void conversation::on_cancel_turn(const cancel_turn& what) {
  if (active_ && active_->order.turn == what.turn) {
    active_->cancelled = true;
    active_->order.sink.reset();
    if (active_->handed_over)
      return send(process_, what);
    withdraw_active({});
    return finish_active();
  }
  std::erase_if(waiting_, [&](const submit_turn& order) { return order.turn == what.turn; });
}

void conversation::on_grant_credit(const grant_credit& what) {
  if (process_ && active_ && active_->order.turn == what.turn)
    send(process_, what);
}

void conversation::on_close_all() {
  closing_ = true;
  fail_waiting({.code = error_code::draining, .message = "The gateway is shutting down."});
  if (process_)
    send(process_, close_process{});
  else if (!active_)
    rest();
}

void conversation::on_forget_conversation() {
  forgotten_ = true;
  const domain::error why{.code = error_code::not_found,
                          .message = "The conversation was deleted.",
                          .retry_useful = false};
  fail_waiting(why);
  if (!active_)
    return rest();
  // Its process has the turn: interrupted as if the client had left, then the end.
  fail_active(why);
  on_cancel_turn({active_->order.turn});
}

void conversation::fail_waiting(const domain::error& why) {
  for (const auto& order : std::exchange(waiting_, {}))
    fail_sink(order.sink, why);
  if (active_ && !active_->handed_over) {
    withdraw_active(why);
    finish_active();
  }
}

void conversation::on_run_again(const run_again& what) {
  if (active_ && active_->order.turn == what.turn)
    request_process(); // else its client has left
}

void conversation::on_tick() {
  if (active_ || record_->turns_in_mail > 0)
    return;
  if (process_)
    send(process_, close_process{});
  drop_process();
  // A turn that comes from now on gets a new actor over the same record.
  destroy(record_->actor);
  shard_.conversations.wake(*record_);
  shard_.conversations.changed(*record_);
  quit();
}

// -- turns ---------------------------------------------------------------------------------------

void conversation::start_next() {
  if (waiting_.empty())
    return rest();
  active_.emplace();
  active_->order = std::move(waiting_.front());
  waiting_.pop_front();
  shard_.conversations.wake(*record_);
  shard_.retries.on_turn();
  auto& request = active_->order.request;
  if (!request.model_given && !record_->model.empty())
    request.model = record_->model;
  plan_active();
  if (active_->order.lender)
    return borrow_process();
  if (process_) {
    if (const auto how = domain::approach_to(active_->plan.before, process_holds_, rewindable_))
      return hand_to_process(how);
    send(process_, close_process{});
    drop_process();
  }
  request_process();
}

void conversation::plan_active() {
  auto& order = active_->order;
  auto& dialogues = shard_.conversations.dialogues();
  const auto& default_prompt = shard_.settings.claude.system_prompt;
  active_->plan =
    order.request.conversation_id
      ? domain::plan_named(dialogues, record_->head, order.request, default_prompt)
      : domain::plan_whole(dialogues, record_->head, order.known, order.request, default_prompt);
  order.known.reset();
  record_->model = order.request.model;
}

// -- a process -----------------------------------------------------------------------------------

void conversation::borrow_process() {
  const auto turn = active_->order.turn;
  const auto lender = std::exchange(active_->order.lender, {});
  const auto me = caf::actor_cast<process_listener_actor>(self_reference());
  request(lender, lending_timeout,
          lend_process{active_->plan.before, active_->order.by_nothing, me})
    .then([this, turn](process_loan& loan) { adopt(turn, std::move(loan)); },
          [this, turn](const caf::error&) { adopt(turn, {}); });
}

void conversation::adopt(domain::turn_id turn, process_loan loan) {
  const auto wanted = [this, turn] { return active_ && active_->order.turn == turn; };
  if (!loan.process) {
    if (wanted())
      request_process();
    return;
  }
  if (!wanted()) // its client has left
    return send(loan.process, close_process{});
  const auto take = [this, wanted, loan](bool taken) {
    if (!wanted()) {
      send(loan.process, close_process{});
    } else if (const auto how = domain::approach_to(active_->plan.before, loan.holds,
                                                    loan.rewindable, active_->order.by_nothing);
               taken && how) {
      process_ = loan.process;
      process_id_ = loan.id;
      hand_to_process(how);
    } else {
      send(loan.process, close_process{}); // it is on its way out
      request_process();
    }
  };
  request(loan.process, lending_timeout,
          adopt_process{caf::actor_cast<process_listener_actor>(self_reference())})
    .then(take, [take](const caf::error&) { take(false); });
}

void conversation::request_process() {
  active_->lease = shard_.unique_number();
  const auto lease = active_->lease;
  // The supervisor answers in any case; the margin only covers its own delays.
  const auto timeout = shard_.settings.limits.queue_timeout + std::chrono::seconds{10};
  const auto& origin = active_->plan.before->root().origin();
  request(shard_.supervisor, timeout,
          lease_request{lease,
                        active_->order.request.model,
                        {origin.tenant, origin.system_prompt},
                        active_->order.request.request_id})
    .then([this, lease](lease_reply& reply) { on_lease(lease, reply); },
          [this, lease](const caf::error&) {
            lease_reply none{.child = nullptr,
                             .failure = domain::error{.code = error_code::internal,
                                                      .message = "No process could be had.",
                                                      .detail = "the supervisor did not answer"}};
            on_lease(lease, none);
          });
}

void conversation::on_lease(domain::lease_id lease, lease_reply& reply) {
  if (!active_ || active_->lease != lease)
    return; // its turn was cancelled: dropping the reply ends the child
  active_->lease = 0;
  if (!reply.child) {
    fail_active(*reply.failure);
    return finish_active();
  }
  process_id_ = reply.child->id;
  const bool primed = reply.primed.has_value();
  try {
    process_ = spawn_on<claude_process>(home(), std::ref(shard_),
                                        caf::actor_cast<process_listener_actor>(self_reference()),
                                        std::move(*reply.child), std::move(reply.primed));
  } catch (const std::exception& failure) { // no room for its descriptors in the event loop
    fail_active({.code = error_code::cli_unavailable,
                 .message = "No process could be started.",
                 .detail = failure.what()});
    return finish_active();
  }
  active_->on_spare = reply.spare;
  active_->on_primed = primed;
  hand_to_process({});
}

void conversation::hand_to_process(const std::optional<domain::approach>& how) {
  auto& order = active_->order;
  auto& plan = active_->plan;
  active_->handed_over = true;
  process_holds_.reset();
  const auto outcome = domain::outcome_of(plan, how);
  const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(
    std::chrono::steady_clock::now() - order.since);
  if (order.sink)
    order.sink->on_event(
      domain::turn_placed{outcome, active_->on_spare, active_->on_primed, waited});
  if (!std::exchange(active_->counted, true)) {
    ++shard_.totals.matches[static_cast<std::size_t>(outcome)];
    auto& use = plan.before->root().use();
    outcome == domain::match_outcome::fresh ? use.note_begun() : use.note_continued();
    shard_.totals.times.wait.add(waited);
  }
  ++shard_.totals.processes_busy;
  if (!active_->deadline)
    active_->deadline = std::chrono::steady_clock::now() + shard_.settings.claude.timeout;
  send(process_,
       run_turn{.turn = order.turn,
                .request_id = order.request.request_id,
                .sink = order.sink,
                .system_prompt = plan.before->root().origin().system_prompt,
                .rewinds = how ? how->rewinds : 0,
                .seed = domain::seed_for(plan, how ? how->stands : nullptr,
                                         shard_.settings.conversation.max_history_messages),
                .query = plan.query,
                .sampling = order.request.sampling,
                .deadline = *active_->deadline,
                .started = active_->started});
}

void conversation::drop_process() {
  destroy(process_);
  process_id_ = 0;
  process_holds_.reset();
}

bool conversation::run_again_later(const turn_ended& what) {
  if (active_->cancelled || closing_)
    return false;
  const auto pause =
    domain::next_retry(shard_.retry_policy(), shard_.retries, ++active_->losses, shard_.chance());
  if (!pause)
    return false;
  ++shard_.totals.turns_retried;
  shard_.log.warning("turn runs again", {{"request", active_->order.request.request_id},
                                         {"conversation", record_->id},
                                         {"why", what.failure->message}});
  active_->started = what.started;
  delayed_send(this, *pause, run_again{active_->order.turn});
  return true;
}

void conversation::take_back() {
  active_->handed_over = false;
  --shard_.totals.processes_busy;
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

void conversation::record_outcome(turn_ended& what) {
  if (what.outcome == turn_outcome::finished) {
    record_->head =
      domain::answered(shard_.conversations.dialogues(), active_->plan, std::move(what.answer));
    domain::prefix_index::mark(record_->head, record_->number);
    if (process_)
      process_holds_ = record_->head;
    ++record_->turn_count;
    record_->total_tokens += what.usage.prompt_tokens() + what.usage.output_tokens;
    record_->updated_at = std::chrono::system_clock::now();
    shard_.conversations.changed(*record_);
    shard_.totals.prompt_tokens += what.usage.prompt_tokens();
    shard_.totals.completion_tokens += what.usage.output_tokens;
    if (shard_.health.state == domain::health_state::degraded)
      send(shard_.supervisor, login_report{true});
  } else if (what.outcome == turn_outcome::cancelled) {
    note_interrupted(std::move(what.answer));
  } else if (what.failure && what.failure->code == error_code::upstream_auth) {
    send(shard_.supervisor, login_report{false});
  }
}

void conversation::note_interrupted(std::string said) {
  auto& turns = record_->interrupted;
  turns.push_back({active_->plan.before->depth(), std::move(active_->plan.query), std::move(said)});
  if (turns.size() > interrupted_kept)
    turns.pop_front();
  shard_.conversations.changed(*record_);
}

void conversation::finish_active() {
  active_.reset();
  start_next();
}

void conversation::rest() {
  // Without a name and a dialogue nobody would come back to it.
  const bool found_again = record_->named || (process_holds_ && process_holds_->depth() > 0);
  if (process_ && found_again && !forgotten_)
    // The front end looks after those who rest: a clock message each would keep their memory.
    shard_.conversations.rest(*record_, process_holds_, home().system().clock().now());
  else
    send(this, tick{}); // nothing to keep warm
}

} // namespace ccapi::actors
