#include "store/sqlite/payloads.hpp"

#include "store/sqlite/seal.hpp"

#include <algorithm>

namespace ccapi::store {

namespace {

/// Of so many with one hash the bytes are compared. There is never a second one, unless somebody
/// makes them on purpose; beyond that nothing is shared.
constexpr int same_hash_max = 4;

constexpr const char* select_by_hash =
  "SELECT number, bytes FROM payloads WHERE tenant = ? AND hash = ? LIMIT ?";
constexpr const char* insert_payload =
  "INSERT INTO payloads (tenant, hash, bytes) VALUES (?, ?, ?)";
constexpr const char* select_payload =
  "SELECT hash, bytes FROM payloads WHERE tenant = ? AND number = ?";
constexpr const char* insert_use =
  "INSERT INTO payload_uses (tenant, payload, conversation, seq) VALUES (?, ?, ?, ?)";
constexpr const char* select_uses =
  "SELECT payload FROM payload_uses" // not DISTINCT: SQLite would go through all of the tenant's
  " WHERE tenant = ? AND conversation = ? AND seq BETWEEN ? AND ?";
constexpr const char* delete_unused =
  "DELETE FROM payloads WHERE tenant = ?1 AND number = ?2"
  " AND NOT EXISTS (SELECT 1 FROM payload_uses WHERE tenant = ?1 AND payload = ?2)";

} // namespace

std::int64_t tenant_payloads::keep(std::string_view bytes) {
  const auto hash = bytes_of(payload_hash(bytes));
  {
    auto row = db_(select_by_hash);
    row.text(tenant_).blob(hash).number(same_hash_max);
    while (row.step()) {
      const auto number = row.number();
      if (row.blob() == bytes)
        return kept_.emplace_back(number);
    }
  }
  if (!db_(insert_payload).text(tenant_).blob(hash).blob(bytes).run())
    return 0;
  return kept_.emplace_back(db_.last_row());
}

domain::result<std::shared_ptr<const std::string>> tenant_payloads::find(std::int64_t number) {
  auto& found = found_[number];
  if (found)
    return found;
  auto row = db_(select_payload);
  row.text(tenant_).number(number);
  if (row.step()) {
    const auto hash = row.blob();
    const auto bytes = row.blob();
    if (bytes_of(payload_hash(bytes)) == hash)
      found = std::make_shared<const std::string>(bytes);
    else
      db_.fail(db_failure::damaged_row, "a payload does not fit its hash");
  }
  if (!found)
    db_.fail(db_failure::damaged_row, "a payload is missing");
  if (found)
    return found;
  return domain::error{.code = domain::error_code::store_unavailable, .detail = db_.failure().text};
}

void tenant_payloads::note_uses(std::int64_t conversation, std::int64_t turn) {
  std::sort(kept_.begin(), kept_.end());
  kept_.erase(std::unique(kept_.begin(), kept_.end()), kept_.end());
  for (const auto payload : kept_)
    db_(insert_use).text(tenant_).number(payload).number(conversation).number(turn).run();
  kept_.clear();
}

std::vector<std::int64_t> payloads_of(connection& db, std::string_view tenant,
                                      std::int64_t conversation, std::int64_t first,
                                      std::int64_t last) {
  std::vector<std::int64_t> payloads;
  auto row = db(select_uses);
  row.text(tenant).number(conversation).number(first).number(last);
  while (row.step())
    payloads.push_back(row.number());
  std::sort(payloads.begin(), payloads.end());
  payloads.erase(std::unique(payloads.begin(), payloads.end()), payloads.end());
  return payloads;
}

void drop_unused(connection& db, std::string_view tenant, std::span<const std::int64_t> payloads) {
  for (const auto payload : payloads)
    db(delete_unused).text(tenant).number(payload).run();
}

} // namespace ccapi::store
