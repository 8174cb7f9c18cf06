#include "actors/conversation_store.hpp"

#include <algorithm>
#include <chrono>
#include <tuple>

namespace ccapi::actors {

namespace {

using domain::store_outcome;

/// How often it is looked whether something is past its time, and whether the disk is well again.
constexpr std::chrono::seconds tick_interval{5};

} // namespace

domain::retention retention_of(const config::settings& given) {
  return {.named = std::chrono::hours{24} * given.store.retention_days,
          // If they are not to be kept, what there is goes soon.
          .unnamed = std::max(std::chrono::ceil<std::chrono::minutes>(given.store.unnamed_time),
                              std::chrono::minutes{1}),
          .bytes_max = given.store.bytes_max,
          .idempotency = std::chrono::ceil<std::chrono::seconds>(given.idempotency.ttl),
          .idempotency_bytes_max = given.idempotency.bytes_max};
}

conversation_store_state::conversation_store_state(conversation_store_actor::pointer self,
                                                   conversation_store_options options)
  : self_{self},
    options_{std::move(options)} {
  report();
  self_->delayed_send(self_, tick_interval, tick{});
}

conversation_store_state::~conversation_store_state() {
  if (!writes_.empty()) // the program ends: nobody waits for the outcome
    std::ignore = options_.store->write(writes_);
}

caf::typed_response_promise<stored_outcome> conversation_store_state::on_write(write_stored& what) {
  auto answer = self_->make_response_promise<stored_outcome>();
  writes_.push_back(std::move(what.what));
  answers_.push_back(answer);
  places_.push_back(std::move(what.place));
  // Behind whatever has come in by now: all of that goes into the same transaction.
  if (writes_.size() == 1)
    self_->send(self_, flush_writes{});
  return answer;
}

void conversation_store_state::on_flush() {
  if (writes_.empty())
    return;
  const auto writes = std::exchange(writes_, {});
  const auto answers = std::exchange(answers_, {});
  const auto places = std::exchange(places_, {});
  const auto begin = std::chrono::steady_clock::now();
  auto outcomes = options_.store->write(writes);
  outcomes.resize(answers.size(), store_outcome::unavailable);
  if (std::chrono::steady_clock::now() - begin >= options_.commit_timeout)
    report_anyway_ = true;
  auto outcome = outcomes.begin();
  for (auto answer : answers)
    answer.deliver(stored_outcome{*outcome++});
  report();
}

store_outcome conversation_store_state::write_one(domain::store_write what) {
  on_flush(); // what came before it
  const auto outcomes = options_.store->write({&what, 1});
  return outcomes.empty() ? store_outcome::unavailable : outcomes.front();
}

// What is read is what has been written: whatever waits is committed first.

loaded_reply conversation_store_state::on_load(const load_stored& what) {
  on_flush();
  auto found = options_.store->load(what.name.tenant, what.name.id);
  report();
  if (!found)
    return {};
  loaded_reply reply{.readable = true};
  if (*found)
    reply.found = std::make_shared<domain::stored_dialogue>(std::move(**found));
  return reply;
}

stored_reply conversation_store_state::on_show(const show_stored& what) {
  on_flush();
  auto found = options_.store->find(what.name.tenant, what.name.id);
  report();
  if (!found)
    return {};
  stored_reply reply{.able = true};
  if (*found)
    reply.found = std::move((*found)->info);
  return reply;
}

stored_reply conversation_store_state::on_label(const label_stored& what) {
  on_flush();
  auto found = options_.store->find(what.name.tenant, what.name.id);
  if (!found || !*found) {
    report();
    return {.able = found.has_value()};
  }
  auto& conversation = **found;
  conversation.info.labels = what.labels;
  const auto outcome = write_one(domain::put_conversation{conversation});
  report();
  return {.able = outcome == store_outcome::committed, .found = std::move(conversation.info)};
}

stored_page_reply conversation_store_state::on_list(const list_stored& what) {
  on_flush();
  auto page = options_.store->list(what.query);
  report();
  if (!page)
    return {};
  return {.readable = true, .page = *std::move(page)};
}

/// Not behind what waits to be written: such a record is of this run, and its key is in memory as a
/// rule. A look costs no commit.
idempotency_record_reply
conversation_store_state::on_find_record(const find_idempotency_record& what) {
  auto found = options_.store->find_idempotency_record(what.tenant, what.key);
  report();
  if (!found || !*found)
    return {};
  return {std::make_shared<const domain::idempotency_record>(std::move(**found))};
}

void conversation_store_state::on_settings_changed(const settings_changed& what) {
  options_.keep = retention_of(*what.values);
  options_.commit_timeout = what.values->store.commit_timeout;
}

void conversation_store_state::on_tick() {
  options_.store->recover();
  const bool more = options_.store->sweep(options_.keep, std::chrono::system_clock::now());
  report_anyway_ = true; // others may have reported that it does not answer
  report();
  if (more)
    self_->send(self_, tick{}); // behind those who wait by now
  else
    self_->delayed_send(self_, tick_interval, tick{});
}

void conversation_store_state::report() {
  auto reason = options_.store->state().reason;
  if (reason == reported_ && !report_anyway_)
    return;
  report_anyway_ = false;
  reported_ = reason;
  self_->send(options_.supervisor, store_report{std::move(reason)});
}

domain::stats conversation_store_state::figures() const {
  const auto state = options_.store->state();
  domain::stats figures;
  figures.store_conversations = state.conversations;
  figures.store_bytes = state.bytes;
  figures.store_commits = state.commits;
  figures.store_writes = state.writes;
  figures.store_failures = state.failures;
  return figures;
}

conversation_store_actor::behavior_type conversation_store(
  conversation_store_actor::stateful_pointer<std::unique_ptr<conversation_store_state>> self,
  conversation_store_options options) {
  self->state = std::make_unique<conversation_store_state>(self, std::move(options));
  auto& state = *self->state;
  return {
    [&state](const collect&) { return state.figures(); },
    [&state](write_stored& what) { return state.on_write(what); },
    [&state](const load_stored& what) { return state.on_load(what); },
    [&state](const show_stored& what) { return state.on_show(what); },
    [&state](const label_stored& what) { return state.on_label(what); },
    [&state](const list_stored& what) { return state.on_list(what); },
    [&state](const find_idempotency_record& what) { return state.on_find_record(what); },
    [&state](const flush_writes&) { state.on_flush(); },
    [&state](const settings_changed& what) { state.on_settings_changed(what); },
    [&state](const tick&) { state.on_tick(); },
  };
}

} // namespace ccapi::actors
