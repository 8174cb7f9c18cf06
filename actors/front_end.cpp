#include "actors/front_end.hpp"

#include "actors/conversation.hpp"
#include "domain/placement.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ccapi::actors {

namespace {
/// A client that goes on at once finds its process where it left it.
constexpr std::chrono::seconds rest_before_reuse{3};
} // namespace

/// Ends its part at the terminal event, or when the client leaves.
class front_end::turn_port final : public domain::event_sink {
public:
  turn_port(front_end& owner, domain::turn_id turn, std::shared_ptr<domain::event_sink> target)
    : owner_{owner},
      turn_{turn},
      target_{std::move(target)} {}

  void on_event(domain::event&& what) override {
    if (!target_)
      return;
    if (!domain::is_terminal(what))
      return target_->on_event(std::move(what));
    owner_.submitted_turn_over(turn_, what);
    // Kept until on_flush, which still belongs to this event.
    target_->on_event(std::move(what));
    over_ = true;
  }

  void on_flush() override {
    if (!target_)
      return;
    if (!over_)
      return target_->on_flush();
    std::exchange(target_, nullptr)->on_flush();
  }

  void detach() noexcept { target_.reset(); }

private:
  front_end& owner_;
  domain::turn_id turn_;
  std::shared_ptr<domain::event_sink> target_;
  bool over_ = false;
};

class front_end::turn_mailer final : public domain::event_sink {
public:
  turn_mailer(front_end& owner, domain::turn_id turn, turn_events_listener_actor origin)
    : owner_{owner},
      turn_{turn},
      origin_{std::move(origin)} {}

  void on_event(domain::event&& what) override {
    if (domain::is_terminal(what))
      owner_.hosted_.erase(turn_);
    batch_.push_back(std::move(what));
  }

  void on_flush() override {
    if (!batch_.empty())
      owner_.send(origin_, turn_events{turn_, std::exchange(batch_, {})});
  }

private:
  front_end& owner_;
  domain::turn_id turn_;
  turn_events_listener_actor origin_;
  std::vector<domain::event> batch_;
};

class front_end::turn_lifeline final : public domain::event_sink {
public:
  turn_lifeline(std::shared_ptr<const bool> owner_alive, std::shared_ptr<domain::event_sink> target)
    : owner_alive_{std::move(owner_alive)},
      target_{std::move(target)} {}
  turn_lifeline(const turn_lifeline&) = delete;
  turn_lifeline& operator=(const turn_lifeline&) = delete;
  ~turn_lifeline() override {
    if (over_ || !*owner_alive_)
      return;
    target_->on_event(
      domain::turn_failed{{.code = domain::error_code::internal,
                           .message = "The gateway lost track of the conversation."}});
    target_->on_flush();
  }

  void on_event(domain::event&& what) override {
    over_ = over_ || domain::is_terminal(what);
    target_->on_event(std::move(what));
  }
  void on_flush() override { target_->on_flush(); }

private:
  std::shared_ptr<const bool> owner_alive_;
  std::shared_ptr<domain::event_sink> target_;
  bool over_ = false;
};

front_end::front_end(caf::actor_config& config, io_home& home, io_shard& shard)
  : on_io{config, home},
    shard_{shard} {}

void front_end::connect(std::vector<front_end_actor> all, stats_collector_actor collector) {
  all_ = std::move(all);
  collector_ = std::move(collector);
}

front_end::behavior_type front_end::make_behavior() {
  context(&home());
  return {
    [this](const collect&) { return figures(); },
    [this](open_turn& what) {
      auto mailer = std::make_shared<turn_mailer>(*this, what.turn, what.origin);
      open(what.turn, std::move(what.request), std::move(mailer));
    },
    [this](const cancel_turn& what) { to_conversation(what); },
    [this](const grant_credit& what) { to_conversation(what); },
    [this](const settings_changed& what) { on_settings_changed(what); },
    [this](create_conversation& what) { return on_create_conversation(what); },
    [this](const show_conversation& what) { return on_show_conversation(what); },
    [this](const list_conversations& what) {
      return conversation_page_reply{shard_.conversations.page(what.tenant, what.limit)};
    },
    [this](const remove_conversation& what) { return on_remove_conversation(what); },
    [this](const close_all&) { on_close_all(); },
    [this](const tick&) { on_tick(); },
    [this](const health_changed& what) { shard_.health = what.health; },
    [this](turn_events& batch) { on_turn_events(batch); },
  };
}

void front_end::on_exit() {
  *alive_ = false;
  all_.clear(); // it is in there itself
  destroy(collector_);
  submitted_.clear();
  hosted_.clear();
}

// -- domain::gateway -----------------------------------------------------------------------------

domain::turn_id front_end::submit(domain::chat_request request,
                                  std::shared_ptr<domain::event_sink> sink) {
  const auto turn = shard_.unique_number();
  if (!request.conversation_id)
    domain::recall_opening(*shard_.asked, request);
  const auto owner =
    request.conversation_id
      ? domain::shard_of_conversation(request.tenant, *request.conversation_id, shard_.count)
      : domain::shard_of_dialogue(request, shard_.count);
  ++shard_.totals.turns_submitted;
  auto port = std::make_shared<turn_port>(*this, turn, std::move(sink));
  submitted_.emplace(turn, submitted_turn{port, owner});
  if (owner == shard_.index)
    open(turn, std::move(request), std::move(port));
  else
    send(all_[owner], open_turn{turn, std::move(request),
                                caf::actor_cast<turn_events_listener_actor>(self_reference())});
  return turn;
}

void front_end::cancel(domain::turn_id turn) {
  const auto found = submitted_.find(turn);
  if (found == submitted_.end())
    return;
  found->second.port->detach();
  const auto owner = found->second.owner;
  submitted_.erase(found);
  ++shard_.totals.turns_cancelled;
  if (owner == shard_.index)
    to_conversation(cancel_turn{turn});
  else
    send(all_[owner], cancel_turn{turn});
}

void front_end::acknowledge(domain::turn_id turn, std::size_t bytes) {
  const auto found = submitted_.find(turn);
  if (found == submitted_.end())
    return;
  // A quarter of the window at a time: the rest can never stop the process.
  auto& owed = found->second.credit_owed;
  owed += bytes;
  if (owed < shard_.settings.limits.stream_buffer_bytes / 4)
    return;
  const grant_credit grant{turn, std::exchange(owed, 0)};
  if (found->second.owner == shard_.index)
    to_conversation(grant);
  else
    send(all_[found->second.owner], grant);
}

void front_end::collect_stats(const std::function<void(const domain::stats&)>& callback) {
  request(collector_, std::chrono::seconds{2}, collect{})
    .then([callback](const domain::stats& all) { callback(all); },
          [this, callback](const caf::error&) { callback(figures()); });
}

// -- turns ---------------------------------------------------------------------------------------

void front_end::open(domain::turn_id turn, domain::chat_request request,
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
                   .sink = std::make_shared<turn_lifeline>(alive_, std::move(sink)),
                   .since = std::chrono::steady_clock::now(),
                   .known = std::move(place.known),
                   .lender = place.lender ? place.lender->actor : conversation_actor{},
                   .by_nothing = place.by_nothing});
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
                                                shard_.settings.claude.system_prompt),
                .lender = {}};
  if (found.known && found.known->depth() > 0) {
    found.record = conversations.resting_at(found.known);
    const auto line = found.record ? nullptr : conversations.numbered(found.known->line());
    if (line && !line->named && line->turns_in_mail == 0) {
      if (!line->actor && line->head == found.known)
        found.record = line; // its process has gone
      else if (line->rests())
        found.lender = line;
    }
  } else if (found.known && shard_.settings.process_pool.reuse) {
    // One whose only turn failed, or was left by its client, and is taken back already.
    found.lender = conversations.resting_at(found.known);
    const auto now = home().system().clock().now();
    if (!found.lender && found.known->use().one_shot())
      found.lender = conversations.one_turn_from(*found.known, now - rest_before_reuse);
    found.by_nothing = true;
  }
  if (found.lender)
    conversations.wake(*found.lender);
  if (found.record)
    conversations.touch(*found.record);
  else
    found.record = conversations.obtain(
      request.tenant, domain::mint_conversation_id(request.tenant, shard_.index, shard_.count));
  return found;
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
  const auto port = found->second.port;
  for (auto& event : batch.events)
    port->on_event(std::move(event));
  port->on_flush();
}

void front_end::submitted_turn_over(domain::turn_id turn, const domain::event& outcome) {
  if (std::holds_alternative<domain::turn_finished>(outcome))
    ++shard_.totals.turns_finished;
  else
    ++shard_.totals.turns_failed;
  submitted_.erase(turn);
  hosted_.erase(turn);
}

void front_end::on_close_all() {
  for (const auto& record : shard_.conversations.records())
    if (record->actor)
      send(record->actor, close_all{});
}

void front_end::on_settings_changed(const settings_changed& what) {
  shard_.settings = *what.values;
  shard_.retries.set_percent(shard_.settings.retry.budget_percent);
  shard_.conversations.set_limits(shard_.records_max(), shard_.record_bytes_max());
  if (shard_.conversations.longest_rest())
    arm_tick(); // they may rest for less long now
}

void front_end::on_tick() {
  const auto now = home().system().clock().now();
  ticks_.fired(now);
  const auto limit = now - shard_.settings.conversation.session_timeout;
  while (const auto rested = shard_.conversations.take_rested(limit))
    send(rested->actor, tick{});
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

domain::stats front_end::figures() const {
  auto figures = shard_.totals;
  figures.turns_active = submitted_.size();
  figures.conversations = shard_.conversations.size();
  return figures;
}

} // namespace ccapi::actors
