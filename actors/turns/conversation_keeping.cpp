// conversation, the part that has the store keep its turns, and fetches from there what was said
// before.

#include "actors/turns/conversation.hpp"
#include "domain/dialogue/open_calls.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::actors {

namespace {

using domain::error_code;
using knowledge = kept_turns::knowledge;

domain::error unreadable() {
  return {.code = error_code::store_unavailable,
          .message =
            "The store of conversations can't be read, so it is not known what was said in "
            "this conversation. Try again, send the whole dialogue, or leave out "
            "conversation_id.",
          .retry_after = std::chrono::seconds{5}};
}

domain::error unknown_id() {
  return {.code = error_code::not_found,
          .message = "There is no conversation of this id (any more). Leave conversation_id out to "
                     "begin one, or give it a name of your own.",
          .param = "conversation_id",
          .retry_useful = false};
}

} // namespace

// -- before a turn -------------------------------------------------------------------------------

bool conversation::needs_loading() const {
  if (!active_->order.request.conversation_id)
    return false;
  const auto known = record_->kept.known();
  return known == knowledge::none || (known == knowledge::uncertain && shard_.store);
}

void conversation::load() {
  if (!shard_.store) {
    record_->kept.begin();
    return domain::is_minted_conversation_id(record_->id) && record_->left_no_trace()
             ? refuse_active(unknown_id())
             : go_on();
  }
  active_->waits = store_wait::dialogue;
  const auto turn = active_->order.turn;
  // All of a long dialogue takes longer to read than a turn to write.
  request(shard_.store, load_patience * shard_.settings.store.commit_timeout,
          load_stored{{record_->tenant, record_->id}})
    .then([this, turn](const loaded_reply& reply) { on_loaded(turn, reply); },
          [this, turn](const caf::error&) {
            store_is_silent();
            on_loaded(turn, {});
          });
}

void conversation::on_loaded(domain::turn_id turn, const loaded_reply& reply) {
  if (!active_ || active_->order.turn != turn || active_->waits != store_wait::dialogue)
    return; // its client has left
  active_->waits = store_wait::nothing;
  if (!reply.readable)
    return go_on_without_store();
  if (reply.found)
    take_over(*reply.found);
  record_->recalled = true;
  record_->kept.learn(reply.found.get(), record_->head);
  if (!reply.found && domain::is_minted_conversation_id(record_->id) && record_->left_no_trace())
    return refuse_active(unknown_id());
  go_on();
}

void conversation::take_over(const domain::stored_dialogue& found) {
  const auto& info = found.about.info;
  record_->ordered = true;  // not by a turn of this run
  if (!record_->recalled) { // it may have gone on while the store could not be read
    if (!record_->labelled)
      record_->labels = info.labels;
    record_->created_at = info.created_at;
    record_->turn_count += info.turn_count;
    record_->total_tokens += info.total_tokens;
  }
  if (!found.about.named) // or it would not last
    send_to_store(domain::put_conversation{state_to_keep()});
  if (record_->head)
    return;
  record_->updated_at = info.updated_at;
  record_->model = info.model;
  if (found.path.empty())
    return;
  record_->head = rebuild(shard_.conversations.dialogues(), record_->tenant, found);
  if (!found.messages.empty())
    record_->open_calls = domain::other_ids_of_calls(found.messages.back(), record_->head->said());
  domain::prefix_index::mark(record_->head, record_->number);
  shard_.conversations.changed(*record_);
}

void conversation::go_on_without_store() {
  // What the request brings itself needs no store. Of a dialogue in memory only the store's part is
  // not known.
  const auto& messages = active_->order.request.messages;
  const bool brings_dialogue =
    std::any_of(messages.begin(), messages.end(),
                [](const domain::message& each) { return each.role == domain::role::assistant; });
  if (record_->head || brings_dialogue) {
    record_->kept.doubt();
    return go_on();
  }
  refuse_active(unreadable());
}

// -- behind a turn -------------------------------------------------------------------------------

domain::stored_conversation conversation::state_to_keep() const {
  return {.tenant = record_->tenant, .info = record_->info(), .named = record_->named};
}

domain::stored_turn conversation::turn_to_keep(const turn_ended& what) const {
  domain::stored_turn turn{.request_id = active_->order.request.request_id,
                           .usage = what.usage,
                           .cost_microdollars = what.usage.cost_micro_usd,
                           .waited = active_->waited,
                           .total = std::chrono::duration_cast<std::chrono::microseconds>(
                             std::chrono::steady_clock::now() - active_->order.since),
                           .at = domain::wall_clock_now()};
  if (active_->last_word)
    if (const auto* finished = std::get_if<domain::turn_finished>(&*active_->last_word)) {
      turn.reason = finished->reason;
      turn.model_ran = finished->model;
    }
  return turn;
}

bool conversation::keep(const turn_ended& what) {
  const bool finished = what.outcome == turn_outcome::finished;
  if (!shard_.store || forgotten_ || !record_->is_listed()
      || (!finished && what.outcome != turn_outcome::cancelled))
    return false;
  if (!record_->named) {
    keep_unnamed(what);
    return false;
  }
  auto& kept = record_->kept;
  if (kept.known() != knowledge::certain) { // it is looked up ahead of the next turn
    if (finished)
      note_unstored();
    return false;
  }
  if (finished) {
    auto write = kept.next(state_to_keep(), turn_to_keep(what), active_->previous, record_->head,
                           asked().before->depth());
    if (!record_->open_calls.empty() && !write.turn.messages.empty()) // the client goes by these
      domain::set_ids_of_calls(write.turn.messages.back(), record_->open_calls);
    commit(std::move(write));
  } else {
    const auto& last = record_->interrupted.back(); // as noted just now
    commit(kept.aside(state_to_keep(), turn_to_keep(what), active_->previous, asked().before,
                      last.query, last.said));
  }
  return true;
}

void conversation::send_to_store(domain::store_write write) {
  if (auto place = shard_.store_backlog->take(domain::heap_bytes(write)))
    caf::anon_send(shard_.store, write_stored{std::move(write), std::move(place)});
}

void conversation::keep_unnamed(const turn_ended& what) {
  auto& kept = record_->kept;
  if (kept.known() == knowledge::uncertain) {
    send_to_store(domain::remove_conversation_of{record_->tenant, record_->id, true});
    kept.forget(); // perhaps it has not
    return;
  }
  const bool is_first = !active_->previous && asked().before->depth() == 0;
  if (what.outcome != turn_outcome::finished || !is_first
      || shard_.settings.store.unnamed_time.count() == 0
      || shard_.unnamed_kept.take(shard_.unnamed_per_minute(), home().system().clock().now()))
    return;
  send_to_store(kept.next(state_to_keep(), turn_to_keep(what), nullptr, record_->head, 0));
  kept.doubt(); // nobody waits for the outcome; whoever uses the id looks
}

void conversation::commit(domain::append_turn turn) {
  active_->waits = store_wait::commit;
  const auto id = active_->order.turn;
  const kept_turns::write write{turn};
  domain::store_write what{std::move(turn)};
  auto place = shard_.store_backlog->take(domain::heap_bytes(what));
  if (!place)
    return on_committed(id, write, domain::store_outcome::unavailable);
  request(shard_.store, shard_.settings.store.commit_timeout,
          write_stored{std::move(what), std::move(place)})
    .then(
      [this, id, write](const stored_outcome& reply) { on_committed(id, write, reply.outcome); },
      [this, id, write](const caf::error&) {
        store_is_silent();
        on_committed(id, write, std::nullopt);
      });
}

void conversation::on_committed(domain::turn_id turn, const kept_turns::write& write,
                                std::optional<domain::store_outcome> outcome) {
  if (!active_ || active_->order.turn != turn || active_->waits != store_wait::commit)
    return;
  active_->waits = store_wait::nothing;
  if (outcome == domain::store_outcome::committed) {
    record_->kept.committed(write, record_->head);
  } else {
    if (outcome != domain::store_outcome::unavailable)
      record_->kept.doubt();
    if (!write.aside)
      note_unstored();
  }
  conclude();
}

void conversation::note_unstored() {
  record_->kept.miss(active_->previous, record_->head, asked().before->depth());
  active_->unstored = true;
  ++shard_.totals.turns_unstored;
  shard_.log.warning(
    "turn is answered, but not kept",
    {{"request", active_->order.request.request_id}, {"conversation", record_->id}});
}

void conversation::store_is_silent() {
  send(shard_.supervisor, silent_store());
}

} // namespace ccapi::actors
