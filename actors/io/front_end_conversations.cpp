#include "actors/io/front_end.hpp"

#include <chrono>
#include <memory>
#include <utility>

// front_end: conversations made, shown, listed and removed by clients, on whichever thread they
// live. All go by mail, also to this thread itself: a callback never runs inside the call.

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

/// Gathers the pages of all threads.
struct page_collection {
  std::function<void(domain::result<domain::conversation_page>)> done;
  std::size_t limit = 0;
  std::size_t awaited = 0;
  std::vector<domain::conversation_page> parts{};
  bool failed = false;

  void arrived(domain::conversation_page&& part) {
    parts.push_back(std::move(part));
    count();
  }
  void missed() {
    failed = true;
    count();
  }
  void count() {
    if (--awaited > 0)
      return;
    if (failed) // part of a list would pass for the whole
      done(no_answer());
    else
      done(domain::merge_pages(std::move(parts), limit));
  }
};

} // namespace

// -- domain::gateway -----------------------------------------------------------------------------

template <class Message>
void front_end::ask(const domain::home& where, Message message, info_callback callback) {
  request(front_end_at(where), answer_timeout, std::move(message))
    .then(
      [callback](conversation_reply& reply) {
        if (reply.found)
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

void front_end::remove(domain::conversation_name name, info_callback callback) {
  const auto where = shard_.placement.home_of_conversation(name.tenant, name.id);
  ask(where, remove_conversation{std::move(name)}, std::move(callback));
}

void front_end::list(std::string tenant, std::size_t limit, page_callback callback) {
  auto gathered = std::make_shared<page_collection>();
  gathered->done = std::move(callback);
  gathered->limit = limit;
  gathered->awaited = all_.size();
  for (const auto& each : all_)
    request(each, answer_timeout, list_conversations{tenant, limit})
      .then([gathered](conversation_page_reply& part) { gathered->arrived(std::move(part.page)); },
            [gathered](const caf::error&) { gathered->missed(); });
}

// -- on the conversation's thread ----------------------------------------------------------------

conversation_reply front_end::on_create_conversation(create_conversation& what) {
  const auto id = shard_.placement.mint_conversation_id(what.tenant);
  const auto record = shard_.conversations.obtain(what.tenant, id);
  record->named = true;
  record->ordered = true;
  record->model = std::move(what.wanted.model);
  record->labels = std::move(what.wanted.labels);
  shard_.conversations.changed(*record);
  return {record->info()};
}

conversation_reply front_end::on_show_conversation(const show_conversation& what) const {
  const auto record = shard_.conversations.find(what.name.tenant, what.name.id);
  return {record ? std::optional{record->info()} : std::nullopt};
}

conversation_reply front_end::on_remove_conversation(const remove_conversation& what) {
  const auto record = shard_.conversations.remove(what.name.tenant, what.name.id);
  if (!record)
    return {};
  if (record->actor)
    send(record->actor, forget_conversation{});
  else
    record->process.reset();
  return {record->info()};
}

} // namespace ccapi::actors
