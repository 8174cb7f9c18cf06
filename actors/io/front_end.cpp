#include "actors/io/front_end.hpp"

#include "actors/turns/conversation.hpp"
#include "claude/session.hpp"
#include "domain/dialogue/matching.hpp"
#include "domain/dialogue/turn_plan.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ccapi::actors {

namespace {
/// A client that goes on at once finds its process where it left it.
constexpr std::chrono::seconds rest_before_reuse{3};
} // namespace

front_end::front_end(caf::actor_config& config, io_home& home, io_shard& shard)
  : on_io{config, home},
    shard_{shard},
    cache_handle_{
      spawn_on<response_cache>(home, std::ref(shard), std::ref(static_cast<turn_runner&>(*this)))},
    cache_{static_cast<response_cache&>(*caf::actor_cast<caf::abstract_actor*>(cache_handle_))} {}

void front_end::connect(std::vector<front_end_actor> all, std::vector<response_cache_actor> caches,
                        stats_collector_actor collector) {
  all_ = std::move(all);
  cache_.connect(std::move(caches));
  collector_ = std::move(collector);
}

front_end::behavior_type front_end::make_behavior() {
  context(&home());
  shard_.front_end = caf::actor_cast<process_listener_actor>(self_reference());
  return {
    [this](const collect&) { return figures(); },
    [this](open_turn& what) {
      auto sink = std::make_shared<remote_sink>([this, turn = what.turn, origin = what.origin](
                                                  std::vector<domain::event> batch, bool over) {
        if (over)
          hosted_.erase(turn);
        send(origin, turn_events{turn, std::move(batch)});
      });
      open(what.turn, std::move(what.request), std::move(sink));
    },
    [this](const cancel_turn& what) { to_conversation(what); },
    [this](const grant_credit& what) { to_conversation(what); },
    [this](const settings_changed& what) { on_settings_changed(what); },
    [this](create_conversation& what) { return on_create_conversation(what); },
    [this](const show_conversation& what) { return on_show_conversation(what); },
    [this](const list_conversations& what) {
      return conversation_page_reply{shard_.conversations.page(what.query)};
    },
    [this](label_conversation& what) { return on_label_conversation(what); },
    [this](const remove_conversation& what) { return on_remove_conversation(what); },
    [this](const close_all&) { on_close_all(); },
    [this](const tick&) { on_tick(); },
    [this](const process_ended& what) { on_process_ended(what); },
    [this](const health_changed& what) { shard_.health = what.health; },
    [this](turn_events& batch) { on_turn_events(batch); },
  };
}

void front_end::on_exit() {
  *alive_ = false;
  cache_.detach();
  send_exit(cache_handle_, caf::exit_reason::user_shutdown);
  on_close_all();
  destroy(shard_.front_end);
  all_.clear(); // it is in there itself
  destroy(collector_);
  submitted_.clear();
  hosted_.clear();
}

// -- domain::gateway -----------------------------------------------------------------------------

domain::cache_finding front_end::look_up(domain::chat_request& request,
                                         const domain::cache_rules& allowed) {
  return cache_.look_up(request, allowed);
}

domain::turn_id front_end::submit(domain::chat_request&& request,
                                  std::shared_ptr<domain::event_sink> sink) {
  const auto turn = shard_.unique_number();
  ++shard_.totals.turns_submitted;
  if (request.cache_key)
    share(turn, std::move(request), std::move(sink));
  else
    submit_to_conversation(turn, turn_kind::direct, std::move(request), std::move(sink));
  return turn;
}

domain::turn_id front_end::run(domain::chat_request&& request,
                               std::shared_ptr<domain::event_sink> sink) {
  const auto turn = shard_.unique_number();
  submit_to_conversation(turn, turn_kind::run, std::move(request), std::move(sink));
  return turn;
}

std::shared_ptr<local_sink> front_end::enter(domain::turn_id turn, const domain::home& where,
                                             turn_kind kind,
                                             std::shared_ptr<domain::event_sink> sink) {
  auto local = std::make_shared<local_sink>(
    [this, turn](const domain::event& outcome) { submitted_turn_over(turn, outcome); },
    std::move(sink));
  submitted_.emplace(turn, submitted_turn{local, where, kind});
  if (kind == turn_kind::run)
    ++runs_;
  return local;
}

/// The key's owner is where the dialogue lives, as the request shows it: in nearly all cases the
/// run stays on that thread.
void front_end::share(domain::turn_id turn, domain::chat_request&& request,
                      std::shared_ptr<domain::event_sink> sink) {
  const auto where = shard_.placement.home_of_dialogue(request);
  auto local = enter(turn, where, turn_kind::shared, std::move(sink));
  if (shard_.placement.is_here(where))
    cache_.join(turn, std::move(request), std::move(local));
  else
    send(cache_.at(where), join_run{turn, std::move(request),
                                    caf::actor_cast<turn_events_listener_actor>(self_reference())});
}

void front_end::submit_to_conversation(domain::turn_id turn, turn_kind kind,
                                       domain::chat_request&& request,
                                       std::shared_ptr<domain::event_sink> sink) {
  if (!request.conversation_id)
    domain::recall_opening(*shard_.asked, request);
  const auto where =
    request.conversation_id
      ? shard_.placement.home_of_conversation(request.tenant, *request.conversation_id)
      : shard_.placement.home_of_dialogue(request);
  auto local = enter(turn, where, kind, std::move(sink));
  if (shard_.placement.is_here(where))
    open(turn, std::move(request), std::move(local));
  else
    send(front_end_at(where),
         open_turn{turn, std::move(request),
                   caf::actor_cast<turn_events_listener_actor>(self_reference())});
}

template <class Message>
void front_end::tell_owner(const submitted_turn& of, const Message& what) {
  const bool here = shard_.placement.is_here(of.home);
  if (of.kind == turn_kind::shared) {
    if (here)
      to_cache(what);
    else
      send(cache_.at(of.home), what);
  } else if (here) {
    to_conversation(what);
  } else {
    send(front_end_at(of.home), what);
  }
}

void front_end::cancel(domain::turn_id turn) {
  const auto found = submitted_.find(turn);
  if (found == submitted_.end())
    return;
  const auto left = std::move(found->second);
  submitted_.erase(found);
  left.sink->detach();
  if (left.kind == turn_kind::run)
    --runs_;
  else
    ++shard_.totals.turns_cancelled;
  tell_owner(left, cancel_turn{turn});
}

void front_end::acknowledge(domain::turn_id turn, std::size_t bytes) {
  const auto found = submitted_.find(turn);
  if (found == submitted_.end())
    return;
  // A quarter of the window at a time: the rest can never stop the process.
  auto& owed = found->second.credit_owed;
  owed += bytes;
  if (owed >= shard_.settings.limits.stream_buffer_bytes / 4)
    tell_owner(found->second, grant_credit{turn, std::exchange(owed, 0)});
}

void front_end::collect_stats(const std::function<void(const domain::stats&)>& callback) {
  request(collector_, std::chrono::seconds{2}, collect{})
    .then([callback](const domain::stats& all) { callback(all); },
          [this, callback](const caf::error&) { callback(figures()); });
}

// -- turns ---------------------------------------------------------------------------------------

void front_end::open(domain::turn_id turn, domain::chat_request&& request,
                     std::shared_ptr<domain::event_sink> sink) {
  auto place = find_or_make(request);
  auto& record = *place.record;
  if (!record.actor) {
    record.actor = spawn_on<conversation>(home(), std::ref(shard_), place.record);
    shard_.conversations.changed(record);
    arm_tick();
  }
  hosted_.emplace(turn, record.actor);
  shard_.conversations.wake(record); // so that the next one with the same dialogue looks elsewhere
  ++record.turns_in_mail;
  send(record.actor,
       submit_turn{.turn = turn,
                   .request = std::move(request),
                   .sink = std::make_shared<abandonment_guard>(alive_, std::move(sink)),
                   .since = std::chrono::steady_clock::now(),
                   .known = std::move(place.known),
                   .allow_full_rewind = place.allow_full_rewind,
                   .donor = std::move(place.donor)});
}

front_end::matched front_end::find_or_make(domain::chat_request& request) {
  auto& conversations = shard_.conversations;
  if (request.conversation_id) {
    const auto record = conversations.obtain(request.tenant, *request.conversation_id);
    record->named = true;
    return {record};
  }
  matched found{.record = {},
                .known = domain::settle_opening(conversations.dialogues(), request,
                                                shard_.settings.claude.system_prompt)};
  auto donor = found.known ? choose_among_known(found) : nullptr;
  if (found.record)
    conversations.touch(*found.record);
  else
    found.record = make_conversation(request.tenant);
  if (donor
      && donor->process->way_to(found.known, request.messages.back(), found.allow_full_rewind)) {
    conversations.hand_over(*donor, found.record);
    found.donor = std::move(donor);
  }
  return found;
}

std::shared_ptr<conversation_record> front_end::choose_among_known(matched& found) {
  const auto& conversations = shard_.conversations;
  const auto& known = *found.known;
  domain::match_candidates candidates{.known_messages = known.depth(),
                                      .reuse = shard_.settings.process_pool.reuse};
  auto resting = conversations.resting_at(found.known);
  candidates.one_rests_there = resting != nullptr;
  // What the choice would not look at is not looked up.
  const bool begins = known.depth() == 0;
  auto last = resting || begins ? nullptr : conversations.numbered(known.last_conversation());
  if (last)
    candidates.last = {.named = last->named,
                       .has_mail = last->turns_in_mail > 0,
                       .in_use = last->in_use(),
                       .ends_there = last->head == found.known,
                       .has_idle_process = last->rests() && last->process->open_calls == 0};
  std::shared_ptr<conversation_record> one_turn;
  if (candidates.reuse && !resting && begins && known.use().one_shot())
    one_turn =
      conversations.one_turn_from(known, home().system().clock().now() - rest_before_reuse);
  candidates.one_turn_rests = one_turn != nullptr;

  const auto choice = domain::choose_match(candidates);
  const auto record_of = [&](domain::match_candidate which) {
    switch (which) {
    case domain::match_candidate::rests_there:
      return resting;
    case domain::match_candidate::last:
      return last;
    case domain::match_candidate::one_turn:
      return one_turn;
    case domain::match_candidate::none:
      break;
    }
    return std::shared_ptr<conversation_record>{};
  };
  found.record = record_of(choice.conversation);
  found.allow_full_rewind = choice.allow_full_rewind;
  return record_of(choice.donor);
}

void front_end::to_conversation(const cancel_turn& what) {
  const auto found = hosted_.find(what.turn);
  if (found == hosted_.end())
    return;
  send(found->second, what);
  hosted_.erase(found);
}

void front_end::to_conversation(const grant_credit& what) {
  if (const auto found = hosted_.find(what.turn); found != hosted_.end())
    send(found->second, what);
}

void front_end::on_turn_events(turn_events& batch) {
  const auto found = submitted_.find(batch.turn);
  if (found == submitted_.end())
    return; // its client left in the meantime
  const auto sink = found->second.sink;
  for (auto& event : batch.events)
    sink->on_event(std::move(event));
  sink->on_flush();
}

void front_end::submitted_turn_over(domain::turn_id turn, const domain::event& outcome) {
  const auto found = submitted_.find(turn);
  if (found != submitted_.end() && found->second.kind == turn_kind::run)
    --runs_;
  else if (std::holds_alternative<domain::turn_finished>(outcome))
    ++shard_.totals.turns_finished;
  else
    ++shard_.totals.turns_failed;
  submitted_.erase(turn);
  hosted_.erase(turn);
}

void front_end::on_process_ended(const process_ended& what) {
  const auto record = shard_.conversations.process_ended(what.process);
  if (!record)
    return;
  record->process->let_go(); // now: before this mail the actor may leave it to the next one
  if (record->actor)
    send(record->actor, what);
  else
    end_rest(*record);
}

void front_end::end_rest(conversation_record& record) {
  shard_.conversations.wake(record);
  record.process.reset();
  shard_.conversations.changed(record);
  shard_.conversations.leave_to_store(record);
}

void front_end::on_close_all() {
  shard_.closing = true;
  for (const auto& record : shard_.conversations.records())
    if (record->actor)
      send(record->actor, close_all{});
    else if (record->process)
      end_rest(*record);
}

void front_end::on_settings_changed(const settings_changed& what) {
  shard_.settings = *what.values;
  cache_.settings_changed();
  shard_.retries.set_percent(shard_.settings.retry.budget_percent);
  shard_.store_backlog->set_limit(shard_.settings.store.queue_bytes_max);
  shard_.conversations.set_limits(shard_.records_max(), shard_.record_bytes_max());
  if (shard_.conversations.longest_rest())
    arm_tick(); // they may rest for less long now
}

void front_end::on_tick() {
  const auto now = home().system().clock().now();
  ticks_.fired(now);
  const auto limit = now - shard_.settings.conversation.session_timeout;
  while (const auto rested = shard_.conversations.take_rested(limit))
    end_rest(*rested);
  arm_tick();
}

/// One message is under way from the first conversation on. Whoever begins to rest behind it is due
/// later than the next one.
void front_end::arm_tick() {
  const auto now = home().system().clock().now();
  const auto due = shard_.conversations.longest_rest().value_or(now)
                   + shard_.settings.conversation.session_timeout;
  if (ticks_.arm(due))
    delayed_send(this,
                 std::max(due - now, domain::steady_time::duration::zero())
                   + std::chrono::milliseconds{1},
                 tick{});
}

domain::stats front_end::figures() {
  auto figures = shard_.totals;
  figures.turns_active = submitted_.size() - runs_;
  cache_.fill_in(figures);
  figures.conversations = shard_.conversations.size();
  auto& details = figures.details;
  details.recent = shard_.times.recent(std::chrono::steady_clock::now());
  for (const auto& [process, session] : shard_.sessions)
    details.processes.push_back({.process = process,
                                 .state = to_string(session->state()),
                                 .in_use = true,
                                 .turns = session->turns()});
  if (shard_.placement.here().shard == 0)
    details.rate_limits = shard_.account.limits->all();
  return figures;
}

} // namespace ccapi::actors
