#include "store/sqlite/writes.hpp"

#include "domain/invariant.hpp"
#include "store/sqlite/idempotency_rows.hpp"
#include "store/sqlite/payloads.hpp"
#include "store/sqlite/records.hpp"

#include <utility>
#include <variant>

namespace ccapi::store {

namespace {

using domain::store_outcome;

constexpr const char* mark_removed =
  "UPDATE conversations SET removed = 1 WHERE tenant = ? AND number = ?";
constexpr const char* select_bound =
  "SELECT seq FROM turns WHERE tenant = ? AND conversation = ? ORDER BY seq LIMIT 1 OFFSET ?";
constexpr const char* delete_uses =
  "DELETE FROM payload_uses WHERE tenant = ? AND conversation = ? AND seq < ?";
constexpr const char* delete_turns =
  "DELETE FROM turns WHERE tenant = ? AND conversation = ? AND seq < ?";
constexpr const char* delete_conversation =
  "DELETE FROM conversations WHERE tenant = ? AND number = ?";

} // namespace

store_outcome write_applier::apply(const domain::store_write& write) {
  struct visitor {
    write_applier& self;
    store_outcome operator()(const domain::append_turn& each) const { return self.append(each); }
    store_outcome operator()(const domain::put_conversation& each) const { return self.put(each); }
    store_outcome operator()(const domain::remove_conversation_of& each) const {
      return self.remove(each);
    }
    store_outcome operator()(const domain::put_idempotency_record& each) const {
      return self.put(each);
    }
  };
  return std::visit(visitor{*this}, write);
}

store_outcome write_applier::outcome() const noexcept {
  return db_.failed() ? store_outcome::unavailable : store_outcome::committed;
}

store_outcome write_applier::append(const domain::append_turn& write) {
  const auto& turn = write.turn;
  auto row = find_conversation(db_, write.after.tenant, write.after.info.id);
  if (db_.failed())
    return store_outcome::unavailable;
  const bool was_named = row && row->about.named;
  if (row ? row->about.last != write.expected_last || row->about.epoch != write.after.epoch
          : write.expected_last != 0)
    return store_outcome::stale;
  std::uint64_t depth = turn.messages.size();
  if (turn.parent != 0) {
    const auto parent = row ? outline_of(db_, write.after.tenant, row->number, turn.parent)
                            : std::optional<turn_outline>{};
    if (!parent || parent->state != domain::stored_state::finished)
      return db_.failed() ? store_outcome::unavailable : store_outcome::stale;
    depth += parent->depth;
  }
  const auto number = write.expected_last + 1;
  const bool finished = turn.state == domain::stored_state::finished;
  auto about = write.after;
  about.last = number;
  about.head = finished ? number : (row ? row->about.head : 0);
  if (row)
    about.info.created_at = row->about.info.created_at;
  else
    row.emplace();
  row->about = std::move(about);
  if (row->number == 0)
    insert_conversation(db_, *row);
  else
    update_conversation(db_, *row);
  if (!finished || domain::invariant(turn.depth == depth, "a turn is as deep as its path")) {
    insert_turn(db_, row->about.tenant, row->number, number, turn);
  } else {
    auto mended = turn;
    mended.depth = depth;
    insert_turn(db_, row->about.tenant, row->number, number, mended);
  }
  more_named_ += (row->about.named ? 1 : 0) - (was_named ? 1 : 0);
  return outcome();
}

store_outcome write_applier::put(const domain::put_conversation& write) {
  auto row = find_conversation(db_, write.what.tenant, write.what.info.id);
  if (db_.failed())
    return store_outcome::unavailable;
  if (row && write.fresh)
    return store_outcome::stale;
  if (row) {
    more_named_ += (write.what.named ? 1 : 0) - (row->about.named ? 1 : 0);
    row->about.named = write.what.named;
    row->about.info.model = write.what.info.model;
    row->about.info.labels = write.what.info.labels;
    update_conversation(db_, *row);
    return outcome();
  }
  conversation_row made{.number = 0, .about = write.what};
  made.about.last = 0;
  made.about.head = 0;
  made.about.info.message_count = 0;
  made.about.info.turn_count = 0;
  made.about.info.total_tokens = 0;
  insert_conversation(db_, made);
  more_named_ += made.about.named ? 1 : 0;
  return outcome();
}

store_outcome write_applier::remove(const domain::remove_conversation_of& write) {
  const auto row = number_of(db_, write.tenant, write.id);
  if (!row || (row->named && write.unless_named))
    return outcome();
  remove_conversation(db_, write.tenant, row->number);
  more_named_ -= row->named ? 1 : 0;
  return outcome();
}

store_outcome write_applier::put(const domain::put_idempotency_record& write) {
  more_record_bytes_ += put_record(db_, write.what);
  return outcome();
}

bool remove_conversation(connection& db, std::string_view tenant, std::int64_t number) {
  db(mark_removed).text(tenant).number(number).run();
  return purge(db, tenant, number);
}

bool purge(connection& db, std::string_view tenant, std::int64_t number) {
  auto bound = std::int64_t{INT64_MAX};
  {
    auto row = db(select_bound);
    row.text(tenant).number(number).number(purge_turns_max);
    if (row.step())
      bound = row.number();
  }
  const auto payloads = payloads_of(db, tenant, number, 0, bound - 1);
  db(delete_uses).text(tenant).number(number).number(bound).run();
  db(delete_turns).text(tenant).number(number).number(bound).run();
  drop_unused(db, tenant, payloads);
  if (bound != INT64_MAX)
    return false;
  db(delete_conversation).text(tenant).number(number).run();
  return !db.failed();
}

} // namespace ccapi::store
