// conversation, the part that looks after its process: has it from the record, the supervisor, or
// another conversation that is at rest.

#include "actors/turns/claude_process.hpp"
#include "actors/turns/conversation.hpp"

#include <exception>
#include <utility>

namespace ccapi::actors {

namespace {

using domain::error_code;

} // namespace

/// Some clients bring the results of calls behind another history than the one that the calls were
/// made in: without the text beside them, say. Nobody will come to the process that waits for them.
void conversation::end_waiting_process() {
  const auto& root = active_->plan.before->root();
  for (const auto& call_id : active_->order.request.answered_calls)
    if (const auto left = shard_.conversations.waiting_for(call_id, root); left && left != record_)
      return send(left->process->handle(), close_process{});
}

void conversation::request_process() {
  end_waiting_process();
  active_->lease = shard_.unique_number();
  const auto lease = active_->lease;
  // The supervisor answers in any case; the margin only covers its own delays.
  const auto timeout = shard_.settings.limits.queue_timeout + std::chrono::seconds{10};
  const auto& origin = active_->plan.before->root().origin();
  request(shard_.supervisor, timeout,
          lease_request{lease,
                        {active_->order.request.model},
                        {origin.tenant, origin.system_prompt},
                        active_->order.request.request_id,
                        {shard_.placement.here().shard, active_->plan.before->root().hash()},
                        shard_.settings.process_pool.reuse && active_->plan.before->depth() == 0,
                        std::exchange(active_->waiting_since, {})})
    .then([this, lease](lease_reply& reply) { on_lease(lease, reply); },
          [this, lease](const caf::error&) {
            lease_reply none{.child = nullptr,
                             .failure = domain::error{.code = error_code::internal,
                                                      .message = "No process could be had.",
                                                      .detail = "the supervisor did not answer"}};
            on_lease(lease, none);
          });
  active_->handover.reset(); // none of the idle ones could be had
}

void conversation::take_idle_process(std::shared_ptr<const domain::process_id> handover) {
  const auto& root = active_->plan.before->root();
  if (const auto donor = shard_.conversations.one_turn_with(*handover, root)) {
    shard_.conversations.hand_over(*donor, record_);
    active_->order.allow_full_rewind = true;
    active_->handover = std::move(handover);
  }
  to_own_or_new_process();
}

void conversation::on_lease(domain::lease_id lease, lease_reply& reply) {
  if (!active_ || active_->lease != lease)
    return; // its turn was cancelled: dropping the reply ends the child
  active_->lease = 0;
  if (reply.handover) {
    active_->waiting_since = reply.waiting_since;
    return take_idle_process(std::move(reply.handover));
  }
  if (!reply.child) {
    fail_active(*reply.failure);
    return finish_active();
  }
  const auto id = reply.child->id;
  const bool primed = reply.primed.has_value();
  try {
    shard_.conversations.entrust(record_,
                                 spawn_on<claude_process>(home(), std::ref(shard_),
                                                          std::move(*reply.child),
                                                          std::move(reply.primed)),
                                 id);
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

void conversation::hand_to_process(const std::optional<domain::reuse_plan>& how) {
  auto& order = active_->order;
  auto& plan = active_->plan;
  auto& process = *record_->process;
  if (!settle_run(process, how && process.open_calls > 0 && how->rewinds == 0))
    return finish_active();
  active_->handed_over = true;
  process.holds.reset();
  process.goes_on_at.reset();
  const auto outcome = domain::outcome_of(plan, how);
  const auto now = std::chrono::steady_clock::now();
  const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(now - order.since);
  active_->waited = waited;
  auto dropped = active_->settled.dropped;
  if (order.request.opening == domain::opening::resumed)
    dropped.emplace_back("messages(system_as_user)");
  if (plan.results_as_text)
    dropped.emplace_back("messages(tool_as_text)");
  if (order.sink && !active_->asked)
    order.sink->on_event(domain::turn_placed{outcome, active_->on_spare, active_->on_primed, waited,
                                             std::move(dropped)});
  if (!std::exchange(active_->counted, true)) {
    ++shard_.totals.matches[static_cast<std::size_t>(outcome)];
    auto& use = plan.before->root().use();
    outcome == domain::match_outcome::fresh ? use.note_begun() : use.note_continued();
    shard_.note_time(domain::turn_time::wait, shard_.totals.wait_times, waited, now);
  }
  ++shard_.totals.processes_busy;
  if (!active_->deadline)
    active_->deadline = now + shard_.settings.claude.timeout;
  send(process.handle(),
       run_turn{.turn = order.turn,
                .listener = caf::actor_cast<turn_listener_actor>(self_reference()),
                .request_id = order.request.request_id,
                .sink = order.sink,
                .before = plan.before,
                .rewinds = how ? how->rewinds : 0,
                .nameless = !record_->named,
                .seed = domain::seed_for(plan, how ? how->stands : nullptr,
                                         shard_.settings.conversation.max_history_messages),
                .query = plan.query,
                .model = order.request.model,
                .settings = active_->settled.settings,
                .deadline = *active_->deadline,
                .started = active_->started,
                .format = order.request.format,
                .in_one_piece = order.request.in_one_piece,
                .must_call = active_->settled.must_call});
  active_->handover.reset();
}

void conversation::let_process_go() {
  record_->process->let_go();
  record_->process.reset();
}

bool conversation::run_without_parameter(const turn_ended& what) {
  if (what.outcome != turn_outcome::failed || !what.failure || !what.last_word
      || what.failure->refused_parameter.empty() || active_->cancelled || shard_.closing)
    return false;
  const auto model = shard_.models->look_up(active_->order.request.model).id;
  const auto& parameter = what.failure->refused_parameter;
  if (!domain::note_refused(active_->refused, parameter)) // it was left out already
    return false;
  const bool is_new = shard_.models->learn_refusal(model, parameter);
  const auto before = active_->settled.settings;
  if (is_new)
    shard_.log.warning(
      "model does not take a parameter; turns go on without it",
      {{"model", model}, {"parameter", parameter}, {"request", active_->order.request.request_id}});
  if (!settle_active() || active_->settled.settings == before)
    return false;
  ++shard_.totals.turns_without_parameter;
  active_->started = what.started;
  to_own_or_new_process();
  return true;
}

bool conversation::run_again_later(const turn_ended& what) {
  if (active_->cancelled || shard_.closing)
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

void conversation::detach_turn() {
  active_->handed_over = false;
  --shard_.totals.processes_busy;
}

} // namespace ccapi::actors
