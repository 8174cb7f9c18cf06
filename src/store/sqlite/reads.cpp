// What sqlite_store reads.

#include "store/sqlite/idempotency_rows.hpp"
#include "store/sqlite/payloads.hpp"
#include "store/sqlite/records.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/trouble_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ccapi::store {

namespace {

constexpr std::size_t page_max = 1000;

constexpr const char* select_updated_at =
  "SELECT updated_at FROM conversations WHERE tenant = ? AND id = ? AND removed = 0";

/// Both orders of one index. `same_time`: what comes behind an entry at the same instant;
/// `beyond`: at others; then the first page, from where it begins.
struct page_statements {
  const char* same_time;
  const char* beyond;
  const char* first;
};
constexpr page_statements newest_first{
  "SELECT id, updated_at FROM conversations WHERE tenant = ? AND named = 1 AND removed = 0"
  " AND updated_at = ? AND id > ? ORDER BY id LIMIT ?",
  "SELECT id, updated_at FROM conversations WHERE tenant = ? AND named = 1 AND removed = 0"
  " AND updated_at < ? ORDER BY updated_at DESC, id LIMIT ?",
  "SELECT id, updated_at FROM conversations WHERE tenant = ? AND named = 1 AND removed = 0"
  " ORDER BY updated_at DESC, id LIMIT ?"};
constexpr page_statements oldest_first{
  "SELECT id, updated_at FROM conversations WHERE tenant = ? AND named = 1 AND removed = 0"
  " AND updated_at = ? AND id < ? ORDER BY id DESC LIMIT ?",
  "SELECT id, updated_at FROM conversations WHERE tenant = ? AND named = 1 AND removed = 0"
  " AND updated_at > ? ORDER BY updated_at, id DESC LIMIT ?",
  "SELECT id, updated_at FROM conversations WHERE tenant = ? AND named = 1 AND removed = 0"
  " ORDER BY updated_at, id DESC LIMIT ?"};

void take_entries(query& row, domain::conversation_page& page) {
  while (row.step()) {
    domain::conversation_entry entry;
    entry.id = row.text();
    entry.updated_at = wall_time_of(row.number());
    page.entries.push_back(std::move(entry));
  }
}

} // namespace

domain::error sqlite_store::read_failure() {
  domain::error failure{.code = domain::error_code::store_unavailable,
                        .message = "Stored conversations can't be read at the moment.",
                        .detail = reason_};
  if (db_) {
    failure.detail = reason_text(path_, db_->failure());
    if (kind_of_trouble(db_->failure()) == trouble_kind::damaged_row)
      failure.message = "What is stored of this conversation is damaged.";
    note_failure();
  } else {
    ++failures_;
  }
  return failure;
}

domain::result<std::optional<domain::stored_conversation>>
sqlite_store::find(const std::string& tenant, const std::string& id) {
  if (!db_)
    return read_failure();
  auto row = find_conversation(*db_, tenant, id);
  if (db_->failed())
    return read_failure();
  std::optional<domain::stored_conversation> found;
  if (row)
    found = std::move(row->about);
  return found;
}

domain::result<std::optional<domain::stored_dialogue>> sqlite_store::load(const std::string& tenant,
                                                                          const std::string& id) {
  if (!db_)
    return read_failure();
  auto dialogue = read_dialogue(tenant, id);
  if (db_->failed())
    return read_failure();
  return dialogue;
}

std::optional<domain::stored_dialogue> sqlite_store::read_dialogue(const std::string& tenant,
                                                                   const std::string& id) {
  auto row = find_conversation(*db_, tenant, id);
  if (!row)
    return std::nullopt;
  domain::stored_dialogue dialogue;
  dialogue.about = std::move(row->about);
  tenant_payloads payloads{*db_, tenant};
  for (const auto number : path_to(*db_, tenant, row->number, dialogue.about.head)) {
    auto turn = read_turn(*db_, tenant, row->number, number, payloads);
    if (!turn)
      return std::nullopt;
    const auto parent = dialogue.path.empty() ? 0 : dialogue.path.back().turn;
    std::move(turn->messages.begin(), turn->messages.end(), std::back_inserter(dialogue.messages));
    if (turn->parent != parent || turn->depth != dialogue.messages.size()) {
      db_->fail(db_failure::damaged_row, "a dialogue has a gap");
      return std::nullopt;
    }
    dialogue.path.push_back({.turn = number, .depth = turn->depth});
    dialogue.model = std::move(turn->model);
    if (turn->system_prompt)
      dialogue.system_prompt = *std::move(turn->system_prompt);
  }
  return dialogue;
}

domain::result<std::optional<domain::idempotency_record>>
sqlite_store::find_idempotency_record(const std::string& tenant, const std::string& key) {
  if (!db_)
    return read_failure();
  auto found = find_record(*db_, tenant, key);
  if (db_->failed())
    return read_failure();
  return found;
}

domain::result<domain::conversation_page> sqlite_store::list(const domain::page_query& query) {
  if (!db_)
    return read_failure();
  const auto& statements = query.oldest_first ? oldest_first : newest_first;
  const auto limit = std::clamp(query.limit, std::size_t{1}, page_max);
  domain::conversation_page page;
  const auto wanted = [&] { return static_cast<std::int64_t>(limit + 1 - page.entries.size()); };
  if (query.after) {
    const auto at = stored_time(query.after->updated_at);
    take_entries((*db_)(statements.same_time)
                   .text(query.tenant)
                   .number(at)
                   .text(query.after->id)
                   .number(wanted()),
                 page);
    if (wanted() > 0)
      take_entries((*db_)(statements.beyond).text(query.tenant).number(at).number(wanted()), page);
  } else {
    take_entries((*db_)(statements.first).text(query.tenant).number(wanted()), page);
  }
  if (db_->failed())
    return read_failure();
  page.more = page.entries.size() > limit;
  if (page.more)
    page.entries.pop_back();
  return page;
}

domain::result<std::optional<domain::wall_time>> sqlite_store::updated_at(const std::string& tenant,
                                                                          const std::string& id) {
  if (!db_)
    return read_failure();
  std::optional<domain::wall_time> time;
  {
    auto row = (*db_)(select_updated_at);
    row.text(tenant).text(id);
    if (row.step())
      time = wall_time_of(row.number());
  }
  if (db_->failed())
    return read_failure();
  return time;
}

} // namespace ccapi::store
