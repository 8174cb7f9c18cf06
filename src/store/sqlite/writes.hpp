#pragma once
// writes: what a store is asked to write, row by row. Within a transaction of the caller's.

#include "domain/store/store.hpp"
#include "store/sqlite/connection.hpp"

#include <cstdint>
#include <string_view>

namespace ccapi::store {

/// Applies writes one after the other, and counts what they change. One transaction each.
class write_applier {
public:
  explicit write_applier(connection& db)
    : db_{db} {}

  /// Committed, if the transaction will be; unavailable if the connection has failed.
  domain::store_outcome apply(const domain::store_write& write);

  /// By how many there are more named conversations.
  [[nodiscard]] std::int64_t more_named() const noexcept { return more_named_; }
  /// By how many bytes there is more of idempotency records.
  [[nodiscard]] std::int64_t more_record_bytes() const noexcept { return more_record_bytes_; }

private:
  domain::store_outcome append(const domain::append_turn& write);
  domain::store_outcome put(const domain::put_conversation& write);
  domain::store_outcome remove(const domain::remove_conversation_of& write);
  domain::store_outcome put(const domain::put_idempotency_record& write);
  domain::store_outcome outcome() const noexcept;

  connection& db_;
  std::int64_t more_named_ = 0;
  std::int64_t more_record_bytes_ = 0;
};

/// Turns that one transaction deletes at most.
inline constexpr std::int64_t purge_turns_max = 256;

/// Takes a conversation away from its id, and deletes the first of its turns. False: there are
/// more, which are up to purge().
bool remove_conversation(connection& db, std::string_view tenant, std::int64_t number);

/// Deletes turns of a conversation that was removed, and then itself. True: nothing is left.
bool purge(connection& db, std::string_view tenant, std::int64_t number);

} // namespace ccapi::store
