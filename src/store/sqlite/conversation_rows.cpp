#include "store/label_text.hpp"
#include "store/sqlite/records.hpp"
#include "store/sqlite/seal.hpp"

#include <chrono>
#include <utility>

namespace ccapi::store {

namespace {

constexpr const char* select_conversation =
  "SELECT number, named, model, labels, epoch, last_turn, head, message_count, turn_count,"
  " total_tokens, created_at, updated_at, seal"
  " FROM conversations WHERE tenant = ? AND id = ? AND removed = 0";
constexpr const char* select_number =
  "SELECT number, named FROM conversations WHERE tenant = ? AND id = ? AND removed = 0";
constexpr const char* insert_row =
  "INSERT INTO conversations (named, model, labels, epoch, last_turn, head, message_count,"
  " turn_count, total_tokens, created_at, updated_at, seal, tenant, id)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* update_row =
  "UPDATE conversations SET named = ?, model = ?, labels = ?, epoch = ?, last_turn = ?, head = ?,"
  " message_count = ?, turn_count = ?, total_tokens = ?, created_at = ?, updated_at = ?, seal = ?"
  " WHERE tenant = ? AND number = ?";

/// 64 bits as SQLite has them.
std::int64_t stored(std::uint64_t number) noexcept {
  return static_cast<std::int64_t>(number);
}

/// The number is left out: a row has it after its seal.
std::int64_t seal_of(const domain::stored_conversation& about, std::string_view labels) {
  const auto& info = about.info;
  seal sum;
  sum.text(about.tenant).text(info.id).number(about.named ? 1 : 0).text(info.model).text(labels);
  sum.number(stored(about.epoch)).number(about.last).number(about.head);
  sum.number(stored(info.message_count)).number(stored(info.turn_count)).number(info.total_tokens);
  sum.number(stored_time(info.created_at)).number(stored_time(info.updated_at));
  return sum.value();
}

/// Binds all columns from `named` to `seal`. `labels` is to outlive the run.
void bind(query& row, const domain::stored_conversation& about, std::string_view labels) {
  const auto& info = about.info;
  row.number(about.named ? 1 : 0).text(info.model).text(labels).number(stored(about.epoch));
  row.number(about.last).number(about.head);
  row.number(stored(info.message_count)).number(stored(info.turn_count)).number(info.total_tokens);
  row.number(stored_time(info.created_at)).number(stored_time(info.updated_at));
  row.number(seal_of(about, labels));
}

} // namespace

std::int64_t stored_time(domain::wall_time time) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

domain::wall_time wall_time_of(std::int64_t stored) noexcept {
  return domain::wall_time{
    std::chrono::duration_cast<domain::wall_time::duration>(std::chrono::nanoseconds{stored})};
}

std::optional<conversation_row> find_conversation(connection& db, std::string_view tenant,
                                                  std::string_view id) {
  conversation_row found;
  auto& about = found.about;
  about.tenant = tenant;
  about.info.id = id;
  auto row = db(select_conversation);
  row.text(tenant).text(id);
  if (!row.step())
    return std::nullopt;
  found.number = row.number(1, INT64_MAX);
  about.named = row.number(0, 1) == 1;
  about.info.model = row.text();
  std::string labels{row.text()};
  about.epoch = static_cast<std::uint64_t>(row.number());
  about.last = row.number(0, INT64_MAX);
  about.head = row.number(0, about.last);
  about.info.message_count = static_cast<std::uint64_t>(row.number());
  about.info.turn_count = static_cast<std::uint64_t>(row.number());
  about.info.total_tokens = row.number();
  about.info.created_at = wall_time_of(row.number());
  about.info.updated_at = wall_time_of(row.number());
  const auto sealed = row.number();
  if (!db.failed() && sealed != seal_of(about, labels))
    db.fail(db_failure::damaged_row, "a conversation's row does not fit its seal");
  if (db.failed())
    return std::nullopt;
  auto read = read_labels(labels);
  if (!read) {
    db.fail(db_failure::damaged_row, "a conversation's labels: " + read.error().message);
    return std::nullopt;
  }
  about.info.labels = *std::move(read);
  return found;
}

std::optional<conversation_place> number_of(connection& db, std::string_view tenant,
                                            std::string_view id) {
  auto row = db(select_number);
  row.text(tenant).text(id);
  if (!row.step())
    return std::nullopt;
  conversation_place place;
  place.number = row.number(1, INT64_MAX);
  place.named = row.number() != 0;
  if (db.failed())
    return std::nullopt;
  return place;
}

void insert_conversation(connection& db, conversation_row& row) {
  std::string labels;
  append_labels(labels, row.about.info.labels);
  auto insert = db(insert_row);
  bind(insert, row.about, labels);
  if (insert.text(row.about.tenant).text(row.about.info.id).run())
    row.number = db.last_row();
}

void update_conversation(connection& db, const conversation_row& row) {
  std::string labels;
  append_labels(labels, row.about.info.labels);
  auto update = db(update_row);
  bind(update, row.about, labels);
  update.text(row.about.tenant).number(row.number).run();
}

} // namespace ccapi::store
