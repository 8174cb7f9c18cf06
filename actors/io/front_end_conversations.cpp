#include "actors/io/front_end.hpp"

#include <chrono>
#include <memory>
#include <utility>

// front_end: conversations made, shown, listed and removed by clients, on whichever thread they
// live, and what the store keeps for Idempotency-Keys. All go by mail, also to this thread itself:
// a callback never runs inside the call.

namespace ccapi::actors {

namespace {

constexpr std::chrono::seconds answer_timeout{2};

domain::error no_answer() {
  return {.code = domain::error_code::server_busy,
          .message = "The gateway is too busy to look. Try again.",
          .retry_after = std::chrono::seconds{1}};
}

domain::error unknown_conversation() {
  return {.code = domain::error_code::not_found,
          .message = "Conversation not found",
          .retry_useful = false};
}

domain::error store_fails() {
  return {.code = domain::error_code::store_unavailable,
          .message = "The store of conversations does not work at the moment. Try again; /health "
                     "says why.",
          .retry_after = std::chrono::seconds{5}};
}

/// Gathers the parts of a page.
struct page_collection {
  std::function<void(domain::result<domain::conversation_page>)> done;
  domain::page_query query;
  std::size_t awaited = 0;
  std::vector<domain::conversation_page> parts{};
  std::optional<domain::error> failure{};

  void arrived(domain::conversation_page&& part) {
    parts.push_back(std::move(part));
    count();
  }
  void missed(domain::error why) {
    failure = std::move(why);
    count();
  }
  void count() {
    if (--awaited > 0)
      return;
    if (failure) // part of a list would pass for the whole
      done(*std::move(failure));
    else
      done(domain::merge_pages(std::move(parts), query));
  }
};

} // namespace

// -- domain::gateway -----------------------------------------------------------------------------

template <class Message>
void front_end::ask(const domain::home& where, Message message, info_callback callback) {
  request(front_end_at(where), answer_timeout + shard_.settings.store.commit_timeout,
          std::move(message))
    .then(
      [callback](conversation_reply& reply) {
        if (reply.store_failed)
          callback(store_fails());
        else if (reply.found)
          callback(*std::move(reply.found));
        else
          callback(unknown_conversation());
      },
      [callback](const caf::error&) { callback(no_answer()); });
}

void front_end::create(std::string tenant, domain::new_conversation wanted,
                       info_callback callback) {
  // Where the client's connection is: most likely its turns come by the same one.
  ask(shard_.placement.here(), create_conversation{std::move(tenant), std::move(wanted)},
      std::move(callback));
}

void front_end::show(domain::conversation_name name, info_callback callback) {
  const auto where = shard_.placement.home_of_conversation(name.tenant, name.id);
  ask(where, show_conversation{std::move(name)}, std::move(callback));
}

void front_end::label(domain::conversation_name name, domain::conversation_labels labels,
                      info_callback callback) {
  const auto where = shard_.placement.home_of_conversation(name.tenant, name.id);
  ask(where, label_conversation{std::move(name), std::move(labels)}, std::move(callback));
}

void front_end::remove(domain::conversation_name name, info_callback callback) {
  const auto where = shard_.placement.home_of_conversation(name.tenant, name.id);
  ask(where, remove_conversation{std::move(name)}, std::move(callback));
}

void front_end::list(domain::page_query query, const std::string& after, page_callback callback) {
  if (after.empty())
    return list_all(query, std::move(callback));
  // Its place in the order is that of its last turn.
  show({query.tenant, after}, [this, alive = alive_, query,
                               callback](domain::result<domain::conversation_info> found) mutable {
    if (!*alive)
      return callback(no_answer());
    if (!found) {
      auto why = std::move(found).error();
      if (why.code == domain::error_code::not_found)
        why = {.code = domain::error_code::invalid_request,
               .message =
                 "'after' names no conversation. It may have been deleted meanwhile: begin "
                 "with the first page.",
               .param = "after",
               .retry_useful = false};
      return callback(std::move(why));
    }
    query.after = {found->id, found->updated_at};
    list_all(query, std::move(callback));
  });
}

void front_end::list_all(const domain::page_query& query, page_callback callback) {
  auto gathered = std::make_shared<page_collection>();
  gathered->done = std::move(callback);
  gathered->query = query;
  gathered->awaited = all_.size() + 1;
  const auto ask_store = [this, gathered, query] {
    if (!shard_.store)
      return gathered->arrived({});
    request(shard_.store, shard_.settings.store.commit_timeout, list_stored{query})
      .then(
        [gathered](stored_page_reply& part) {
          part.readable ? gathered->arrived(std::move(part.page)) : gathered->missed(store_fails());
        },
        [gathered](const caf::error&) { gathered->missed(store_fails()); });
  };
  // The store last: what is committed meanwhile is then in both, and not in neither.
  auto threads = std::make_shared<std::size_t>(all_.size());
  for (const auto& each : all_)
    request(each, answer_timeout, list_conversations{query})
      .then(
        [gathered, threads, ask_store](conversation_page_reply& part) {
          gathered->arrived(std::move(part.page));
          if (--*threads == 0)
            ask_store();
        },
        [gathered, threads, ask_store](const caf::error&) {
          gathered->missed(no_answer());
          if (--*threads == 0)
            ask_store();
        });
}

bool front_end::find_record(const std::string& tenant, const std::string& key,
                            record_callback callback) {
  constexpr std::size_t of_a_look = 512; // about, beside the key
  auto place = shard_.store
                 ? shard_.store_backlog->take_little(of_a_look + tenant.size() + key.size())
                 : nullptr;
  if (!place)
    return false;
  // As long as a conversation waits for its dialogue: without the answer a turn runs twice.
  request(shard_.store, load_patience * shard_.settings.store.commit_timeout,
          find_idempotency_record{tenant, key, std::move(place)})
    .then([callback](const idempotency_record_reply& reply) { callback(reply.found); },
          [this, callback](const caf::error&) {
            send(shard_.supervisor, silent_store());
            callback(nullptr);
          });
  return true;
}

void front_end::keep_record(domain::idempotency_record&& record) {
  domain::store_write write{domain::put_idempotency_record{std::move(record)}};
  auto place =
    shard_.store ? shard_.store_backlog->take_little(domain::heap_bytes(write)) : nullptr;
  if (!place)
    return;
  request(shard_.store, shard_.settings.store.commit_timeout,
          write_stored{std::move(write), std::move(place)})
    .then([](const stored_outcome&) {},
          [this](const caf::error&) { send(shard_.supervisor, silent_store()); });
}

// -- on the conversation's thread ----------------------------------------------------------------

std::shared_ptr<conversation_record> front_end::make_conversation(const std::string& tenant) {
  auto record = shard_.conversations.obtain(tenant, shard_.placement.mint_conversation_id(tenant));
  record->kept.begin();
  record->recalled = true;
  return record;
}

void front_end::answer_when_written(pending_reply answer, domain::store_write write,
                                    domain::conversation_info info, write_callback then) {
  if (!shard_.store) {
    then(domain::store_outcome::committed);
    answer.deliver(conversation_reply{std::move(info)});
    return;
  }
  auto place = shard_.store_backlog->take(domain::heap_bytes(write));
  auto fail = [answer, then](std::optional<domain::store_outcome> outcome) mutable {
    then(outcome);
    answer.deliver(conversation_reply{.found = {}, .store_failed = true});
  };
  if (!place)
    return fail(domain::store_outcome::unavailable);
  request(shard_.store, shard_.settings.store.commit_timeout,
          write_stored{std::move(write), std::move(place)})
    .then(
      [answer, info = std::move(info), then, fail](const stored_outcome& reply) mutable {
        if (reply.outcome != domain::store_outcome::committed)
          return fail(reply.outcome);
        then(reply.outcome);
        answer.deliver(conversation_reply{std::move(info)});
      },
      [fail](const caf::error&) mutable { fail(std::nullopt); });
}

template <class Message>
void front_end::answer_from_store(pending_reply answer, Message what) {
  if (!shard_.store) {
    answer.deliver(conversation_reply{});
    return;
  }
  request(shard_.store, shard_.settings.store.commit_timeout, std::move(what))
    .then(
      [answer](stored_reply& reply) mutable {
        answer.deliver(conversation_reply{std::move(reply.found), !reply.able});
      },
      [answer](const caf::error&) mutable {
        answer.deliver(conversation_reply{.found = {}, .store_failed = true});
      });
}

front_end::pending_reply front_end::on_create_conversation(create_conversation& what) {
  auto answer = make_response_promise<conversation_reply>();
  const auto record = make_conversation(what.tenant);
  record->named = true;
  record->ordered = true;
  record->model = std::move(what.wanted.model);
  record->labels = std::move(what.wanted.labels);
  shard_.conversations.changed(*record);
  answer_when_written(
    answer, domain::put_conversation{{.tenant = what.tenant, .info = record->info()}, true},
    record->info(), [this, record](std::optional<domain::store_outcome> outcome) {
      if (outcome != domain::store_outcome::committed) { // its client does not know it
        shard_.conversations.forget(*record);
      } else if (shard_.store) {
        record->kept.made();
        shard_.conversations.leave_to_store(*record);
      }
    });
  return answer;
}

front_end::pending_reply front_end::on_show_conversation(const show_conversation& what) {
  auto answer = make_response_promise<conversation_reply>();
  const auto record = shard_.conversations.find(what.name.tenant, what.name.id);
  if (record && (!shard_.store || record->is_known()))
    answer.deliver(conversation_reply{record->info()});
  else
    answer_from_store(answer, show_stored{what.name});
  return answer;
}

front_end::pending_reply front_end::on_label_conversation(label_conversation& what) {
  auto answer = make_response_promise<conversation_reply>();
  const auto record = shard_.conversations.find(what.name.tenant, what.name.id);
  if (record) {
    record->labels = what.labels;
    record->labelled = true;
    shard_.conversations.changed(*record);
  }
  if (record && record->is_known() && !record->listed_by_store())
    answer.deliver(conversation_reply{record->info()}); // they are kept with its next turn
  else
    answer_from_store(answer, label_stored{std::move(what.name), std::move(what.labels)});
  return answer;
}

void front_end::forget(conversation_record& record) {
  shard_.conversations.forget(record);
  if (record.actor)
    send(record.actor, forget_conversation{});
  else
    record.process.reset();
}

/// Out of memory first: what is asked of it from now on comes behind the store's part.
void front_end::remove_known(pending_reply answer,
                             const std::shared_ptr<conversation_record>& record) {
  forget(*record);
  answer_when_written(std::move(answer), domain::remove_conversation_of{record->tenant, record->id},
                      record->info(), [this, record](std::optional<domain::store_outcome> outcome) {
                        if (outcome == domain::store_outcome::committed)
                          return;
                        if (!outcome)
                          record->kept.doubt();
                        shard_.conversations.take_back(record); // may be more than is stored
                      });
}

front_end::pending_reply front_end::on_remove_conversation(const remove_conversation& what) {
  auto answer = make_response_promise<conversation_reply>();
  const auto& [tenant, id] = what.name;
  if (const auto record = shard_.conversations.find(tenant, id)) {
    remove_known(answer, record);
    return answer;
  }
  if (!shard_.store) {
    answer.deliver(conversation_reply{});
    return answer;
  }
  request(shard_.store, shard_.settings.store.commit_timeout, show_stored{what.name})
    .then(
      [this, answer, name = what.name](stored_reply& reply) mutable {
        if (!reply.able || !reply.found)
          answer.deliver(conversation_reply{.found = {}, .store_failed = !reply.able});
        else if (const auto record = shard_.conversations.find(name.tenant, name.id))
          remove_known(answer, record); // somebody has gone on with it meanwhile
        else
          answer_when_written(answer, domain::remove_conversation_of{name.tenant, name.id},
                              *std::move(reply.found), [](auto) {});
      },
      [this, answer](const caf::error&) mutable {
        send(shard_.supervisor, silent_store());
        answer.deliver(conversation_reply{.found = {}, .store_failed = true});
      });
  return answer;
}

} // namespace ccapi::actors
