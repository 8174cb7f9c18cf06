#include "store/sqlite/idempotency_rows.hpp"

#include "store/sqlite/records.hpp"
#include "store/sqlite/seal.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace ccapi::store {

namespace {

constexpr const char* insert_row =
  "INSERT OR REPLACE INTO idempotency_records (tenant, key, answered_at, bytes, fingerprint,"
  " status, content_type, fields, streamed, seal, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
constexpr const char* select_row =
  "SELECT answered_at, bytes, fingerprint, status, content_type, fields, streamed, seal, body"
  " FROM idempotency_records WHERE tenant = ? AND key = ?";
constexpr const char* select_bytes =
  "SELECT bytes FROM idempotency_records WHERE tenant = ? AND key = ?";
// The rest look at all tenants: what they find is only counted, checked or deleted.
constexpr const char* select_oldest =
  "SELECT number, answered_at, bytes FROM idempotency_records"
  " INDEXED BY idempotency_records_by_age ORDER BY answered_at LIMIT ?";
// A damaged number must not make it overflow: as counted() has it.
constexpr const char* sum_bytes =
  "SELECT coalesce(sum(max(0, min(bytes, 1099511627776))), 0) FROM idempotency_records"
  " INDEXED BY idempotency_records_by_age";
constexpr const char* delete_row = "DELETE FROM idempotency_records WHERE number = ?";
constexpr const char* select_names = "SELECT tenant, key FROM idempotency_records ORDER BY number";

/// What a row takes beside its texts, about.
constexpr std::size_t row_bytes = 256;
constexpr std::int64_t row_bytes_max = std::int64_t{1} << 40;

std::int64_t bytes_of(const domain::idempotency_record& record) noexcept {
  return static_cast<std::int64_t>(row_bytes + record.tenant.size() + record.key.size()
                                   + record.fingerprint.size() + record.content_type.size()
                                   + record.fields.size() + record.body.size());
}

/// Of a row that may be damaged.
std::int64_t counted(std::int64_t bytes) noexcept {
  return std::clamp(bytes, std::int64_t{0}, row_bytes_max);
}

std::int64_t seal_of(const domain::idempotency_record& record) {
  seal sum;
  sum.text(record.tenant).text(record.key).number(stored_time(record.answered_at));
  sum.text(record.fingerprint).number(record.status).text(record.content_type);
  sum.text(record.fields).number(record.streamed ? 1 : 0).text(record.body);
  return sum.value();
}

} // namespace

std::int64_t put_record(connection& db, const domain::idempotency_record& record) {
  std::int64_t before = 0;
  {
    auto there = db(select_bytes);
    there.text(record.tenant).text(record.key);
    if (there.step())
      before = counted(there.number());
  }
  auto row = db(insert_row);
  row.text(record.tenant).text(record.key).number(stored_time(record.answered_at));
  row.number(bytes_of(record)).text(record.fingerprint).number(record.status);
  row.text(record.content_type).text(record.fields).number(record.streamed ? 1 : 0);
  row.number(seal_of(record)).blob(record.body).run();
  return bytes_of(record) - before;
}

std::int64_t bytes_of_records(connection& db) {
  return db.integer(sum_bytes);
}

std::optional<domain::idempotency_record> find_record(connection& db, std::string_view tenant,
                                                      std::string_view key) {
  auto row = db(select_row);
  row.text(tenant).text(key);
  if (!row.step())
    return std::nullopt;
  domain::idempotency_record found;
  found.tenant = tenant;
  found.key = key;
  found.answered_at = wall_time_of(row.number());
  const auto bytes = row.number();
  found.fingerprint = row.text();
  found.status = static_cast<unsigned>(row.number(200, 599));
  found.content_type = row.text();
  found.fields = row.text();
  found.streamed = row.number(0, 1) == 1;
  const auto sealed = row.number();
  found.body = row.blob();
  if (!db.failed() && (sealed != seal_of(found) || bytes != bytes_of(found)))
    db.fail(db_failure::damaged_row, "an answer's row does not fit its seal");
  if (db.failed())
    return std::nullopt;
  return found;
}

std::optional<std::int64_t> delete_records(connection& db, std::optional<domain::wall_time> oldest,
                                           std::uint64_t bytes_max, std::int64_t bytes) {
  const auto most =
    bytes_max == 0 || bytes_max > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(bytes_max);
  std::vector<std::int64_t> numbers;
  std::int64_t deleted = 0;
  {
    auto row = db(select_oldest);
    row.number(records_deleted_max);
    while (deleted < record_bytes_deleted_max && row.step()) {
      const auto number = row.number();
      const auto answered_at = row.number();
      const bool expired = oldest && answered_at < stored_time(*oldest);
      if (!expired && bytes - deleted <= most)
        break;
      numbers.push_back(number);
      deleted += counted(row.number());
    }
  }
  for (const auto number : numbers)
    db(delete_row).number(number).run();
  if (numbers.empty() || db.failed())
    return std::nullopt;
  return deleted;
}

std::uint64_t check_records(connection& db, const std::function<void(const std::string&)>& flaw) {
  std::vector<std::pair<std::string, std::string>> names;
  const auto note_failure = [&] {
    if (!db.failed())
      return;
    flaw(db.failure().text);
    db.clear_failure();
  };
  {
    auto row = db(select_names);
    while (row.step()) {
      std::string tenant{row.text()};
      names.emplace_back(std::move(tenant), row.text());
    }
  }
  note_failure();
  for (const auto& [tenant, key] : names) {
    find_record(db, tenant, key);
    note_failure();
  }
  return names.size();
}

} // namespace ccapi::store
