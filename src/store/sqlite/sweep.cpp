// What sqlite_store deletes by itself.

#include "store/sqlite/idempotency_rows.hpp"
#include "store/sqlite/records.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/sqlite/writes.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ccapi::store {

namespace {

/// Conversations that one step looks for.
constexpr std::int64_t step_max = 16;
/// Pages that one step gives back to the file system, and how many have to be free for that.
constexpr const char* give_pages_back = "PRAGMA incremental_vacuum(512)";
constexpr std::int64_t free_pages_min = 2048;
constexpr std::int64_t free_share = 4; // a quarter of the file

// These three look at all tenants: they give what the others name.
constexpr const char* select_removed =
  "SELECT tenant, number FROM conversations WHERE removed = 1 LIMIT ?";
constexpr const char* select_expired =
  "SELECT tenant, number, named FROM conversations INDEXED BY conversations_by_age"
  " WHERE removed = 0 AND named = ? AND updated_at < ? ORDER BY updated_at LIMIT ?";
constexpr const char* select_longest_unused =
  "SELECT tenant, number, named FROM conversations INDEXED BY conversations_by_age"
  " WHERE removed = 0 AND named = ? ORDER BY updated_at LIMIT 1";

struct target {
  std::string tenant;
  std::int64_t number = 0;
  bool named = false;
};

target read_target(query& row) {
  target found;
  found.tenant = row.text();
  found.number = row.number();
  found.named = row.number() != 0;
  return found;
}

class sweeper {
public:
  sweeper(connection& db, const domain::retention& keep, std::int64_t record_bytes,
          domain::wall_time now)
    : db_{db},
      keep_{keep},
      record_bytes_{record_bytes},
      now_{now} {}

  /// True: there is more to do.
  bool step() {
    if (finish_removed())
      return true;
    if (drop_records())
      return true;
    if (expire(false, keep_.unnamed) || expire(true, keep_.named) || shrink())
      return true;
    return give_back();
  }

  [[nodiscard]] std::int64_t record_bytes() const noexcept { return record_bytes_; }
  [[nodiscard]] std::int64_t named_removed() const noexcept { return named_removed_; }

private:
  /// Of those whose turns were too many to go at once. One per step.
  bool finish_removed() {
    target found;
    {
      auto row = db_(select_removed);
      row.number(1);
      if (!row.step())
        return false;
      found.tenant = row.text();
      found.number = row.number();
    }
    purge(db_, found.tenant, found.number);
    return true;
  }

  bool drop_records() {
    const bool limited = keep_.idempotency > std::chrono::seconds{0};
    const auto dropped =
      delete_records(db_, limited ? std::optional{now_ - keep_.idempotency} : std::nullopt,
                     keep_.idempotency_bytes_max, record_bytes_);
    record_bytes_ = std::max(record_bytes_ - dropped.value_or(0), std::int64_t{0});
    return dropped.has_value();
  }

  bool expire(bool named, std::chrono::minutes keep) {
    if (keep <= std::chrono::minutes{0} || now_.time_since_epoch() <= keep)
      return false;
    std::vector<target> expired;
    {
      auto row = db_(select_expired);
      row.number(named ? 1 : 0).number(stored_time(now_ - keep)).number(step_max);
      while (row.step())
        expired.push_back(read_target(row));
    }
    for (const auto& each : expired)
      if (!remove(each))
        break;
    return !expired.empty();
  }

  bool shrink() {
    if (keep_.bytes_max == 0)
      return false;
    bool any = false;
    for (std::int64_t at = 0; at < step_max && is_too_large(); ++at) {
      const auto found = longest_unused();
      if (!found)
        break;
      any = true;
      if (!remove(*found))
        break; // the rest of it may be enough
    }
    return any;
  }

  /// Without the records, which have a limit of their own: they push no conversation out.
  bool is_too_large() {
    const auto pages = db_.integer("PRAGMA page_count") - db_.integer("PRAGMA freelist_count");
    const auto bytes = pages * db_.integer("PRAGMA page_size") - record_bytes_;
    return !db_.failed() && bytes > 0 && static_cast<std::uint64_t>(bytes) > keep_.bytes_max;
  }

  /// Of those that were only kept in case they go on, if there are any.
  std::optional<target> longest_unused() {
    for (const int named : {0, 1}) {
      auto row = db_(select_longest_unused);
      row.number(named);
      if (row.step())
        return read_target(row);
    }
    return std::nullopt;
  }

  /// False: turns of it are left.
  bool remove(const target& which) {
    named_removed_ += which.named ? 1 : 0;
    return remove_conversation(db_, which.tenant, which.number);
  }

  bool give_back() {
    const auto free = db_.integer("PRAGMA freelist_count");
    if (free < free_pages_min || free * free_share < db_.integer("PRAGMA page_count"))
      return false;
    db_.execute(give_pages_back);
    return true;
  }

  connection& db_;
  const domain::retention& keep_;
  std::int64_t record_bytes_;
  domain::wall_time now_;
  std::int64_t named_removed_ = 0;
};

} // namespace

bool sqlite_store::sweep(const domain::retention& keep, domain::wall_time now) {
  if (!may_write())
    return false;
  transaction step{*db_, transaction::kind::write};
  sweeper one{*db_, keep, record_bytes_, now};
  const bool more = one.step();
  if (!step.commit()) {
    note_failure();
    return false;
  }
  named_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(named_) - one.named_removed());
  record_bytes_ = one.record_bytes();
  write_back_log();
  return more;
}

} // namespace ccapi::store
