#pragma once
// idempotency_rows: answers of requests with an Idempotency-Key, as rows. All within a transaction
// of the caller's, or a statement of their own; failures are the connection's. One thread.

#include "domain/turn/idempotency_record.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::store {

/// In place of the tenant's record for this key, if there is one. Gives by how many bytes there is
/// more of them.
std::int64_t put_record(connection& db, const domain::idempotency_record& record);
/// Of all records, as they count.
std::int64_t bytes_of_records(connection& db);

/// Nothing: there is none, or the connection has failed; where the row is damaged, with that.
std::optional<domain::idempotency_record> find_record(connection& db, std::string_view tenant,
                                                      std::string_view key);

/// What one call of the next one deletes at most, but for the last one's size: what is deleted is
/// overwritten.
inline constexpr std::int64_t records_deleted_max = 64;
inline constexpr std::int64_t record_bytes_deleted_max = std::int64_t{1} << 20;

/// Deletes the oldest of those from before `oldest` (nothing: no limit), or that are beyond
/// `bytes_max` (0: no limit) where there are `bytes` of them. Gives how many bytes it deleted, if
/// any; then there may be more.
std::optional<std::int64_t> delete_records(connection& db, std::optional<domain::wall_time> oldest,
                                           std::uint64_t bytes_max, std::int64_t bytes);

/// Looks at each; gives their number, and tells what is wrong. The connection has no failure then.
std::uint64_t check_records(connection& db, const std::function<void(const std::string&)>& flaw);

} // namespace ccapi::store
