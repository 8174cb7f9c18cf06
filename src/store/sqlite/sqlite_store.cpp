#include "store/sqlite/sqlite_store.hpp"

#include "store/sqlite/idempotency_rows.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/trouble_text.hpp"
#include "store/sqlite/writes.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <variant>

namespace ccapi::store {

namespace {

using domain::store_outcome;

constexpr const char* count_named =
  "SELECT count(*) FROM conversations WHERE named = 1 AND removed = 0";

/// Tenant and id; empty for what concerns no conversation, and is never stale.
using conversation_key = std::pair<std::string_view, std::string_view>;

conversation_key key_of(const domain::store_write& write) {
  struct visitor {
    conversation_key operator()(const domain::append_turn& each) const {
      return {each.after.tenant, each.after.info.id};
    }
    conversation_key operator()(const domain::put_conversation& each) const {
      return {each.what.tenant, each.what.info.id};
    }
    conversation_key operator()(const domain::remove_conversation_of& each) const {
      return {each.tenant, each.id};
    }
    conversation_key operator()(const domain::put_idempotency_record&) const { return {}; }
  };
  return std::visit(visitor{}, write);
}

/// The outcomes of a group that was not committed. What is stale only because of others in it is
/// not so any more.
void take_back(std::span<const domain::store_write> writes, std::span<store_outcome> outcomes) {
  std::set<conversation_key> changed;
  for (std::size_t at = 0; at < outcomes.size(); ++at) {
    const auto key = key_of(writes[at]);
    if (outcomes[at] == store_outcome::committed)
      changed.insert(key);
    if (changed.contains(key))
      outcomes[at] = store_outcome::unavailable;
  }
}

/// 0: there is none.
std::uint64_t size_of(const std::string& path) noexcept {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

} // namespace

// -- opening and closing -------------------------------------------------------------------------

domain::result<std::unique_ptr<sqlite_store>> sqlite_store::open(sqlite_options options) {
  std::unique_ptr<sqlite_store> made{new sqlite_store{std::move(options)}};
  if (!made->reopen())
    return domain::error{.code = domain::error_code::store_unavailable,
                         .message = made->reason_,
                         .retry_useful = false};
  return made;
}

sqlite_store::~sqlite_store() = default;

/// False: there is no use in trying again.
bool sqlite_store::reopen() {
  db_.reset();
  lock_ = {};
  damaged_.reset();
  auto opened = open_for_writing(options_);
  path_ = std::move(opened.path);
  lock_ = std::move(opened.lock);
  db_ = std::move(opened.db);
  reason_ = std::move(opened.reason);
  if (db_) {
    named_ = static_cast<std::uint64_t>(std::max(std::int64_t{0}, db_->integer(count_named)));
    record_bytes_ = bytes_of_records(*db_);
    if (db_->failed())
      note_failure();
  } else {
    ++failures_;
    lock_ = {};
    if (opened.damaged)
      damaged_ = stamp();
  }
  return !opened.refused;
}

void sqlite_store::close(std::string reason) {
  ++failures_;
  reason_ = std::move(reason);
  db_.reset();
  lock_ = {};
}

bool sqlite_store::is_moved() const {
  int moved = 0;
  return sqlite3_file_control(db_->handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK
         && moved != 0;
}

sqlite_store::file_stamp sqlite_store::stamp() const {
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0)
    return {};
  constexpr std::int64_t second = 1'000'000'000;
  return {.inode = info.st_ino,
          .size = info.st_size,
          .modified = info.st_mtim.tv_sec * second + info.st_mtim.tv_nsec};
}

bool sqlite_store::may_write() {
  if (db_ && is_moved())
    close(path_
          + " was moved, deleted or replaced while it was in use. The gateway goes on with what is "
            "there now, or with a new file.");
  return db_ && !damaged_;
}

void sqlite_store::recover() {
  if (!may_write()) {
    // A damaged file does not get better by looking at it again.
    if (!damaged_ || *damaged_ != stamp())
      reopen();
    return;
  }
  if (reason_.empty())
    return;
  // A write that changes nothing shows whether the disk takes writes again, and takes the place of
  // what could not be committed in the log.
  transaction probe{*db_, transaction::kind::write};
  db_->execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
  if (probe.commit()) {
    reason_.clear();
    write_back_log();
  } else {
    note_failure();
  }
}

domain::store_state sqlite_store::state() const {
  return {.reason = reason_,
          .bytes = size_of(path_) + size_of(path_ + "-wal"),
          .conversations = named_,
          .commits = commits_,
          .writes = writes_,
          .failures = failures_};
}

void sqlite_store::note_failure() {
  ++failures_;
  const auto& failure = db_->failure();
  const auto kind = kind_of_trouble(failure);
  if (concerns_all(kind)) {
    reason_ = reason_text(path_, failure);
    if (kind == trouble_kind::damaged || kind == trouble_kind::not_a_database)
      damaged_ = stamp();
  }
  db_->clear_failure();
}

/// What has been committed stands whether this works or not.
void sqlite_store::write_back_log() {
  db_->write_back_log(options_.log_pages);
  if (db_->failed())
    note_failure();
}

// -- writing -------------------------------------------------------------------------------------

std::vector<store_outcome> sqlite_store::write(std::span<const domain::store_write> writes) {
  std::vector<store_outcome> outcomes(writes.size(), store_outcome::unavailable);
  if (writes.empty() || !may_write())
    return outcomes;
  if (!write_together(writes, outcomes) && reason_.empty() && writes.size() > 1) {
    // One of them can't be written, whatever the disk does. It must not stop the others.
    const std::span<store_outcome> all{outcomes};
    for (std::size_t at = 0; at < writes.size(); ++at)
      write_together(writes.subspan(at, 1), all.subspan(at, 1));
  }
  return outcomes;
}

bool sqlite_store::write_together(std::span<const domain::store_write> writes,
                                  std::span<store_outcome> outcomes) {
  std::fill(outcomes.begin(), outcomes.end(), store_outcome::unavailable);
  transaction all{*db_, transaction::kind::write};
  write_applier applier{*db_};
  for (std::size_t at = 0; at < writes.size() && !db_->failed(); ++at)
    outcomes[at] = applier.apply(writes[at]);
  if (!all.commit()) {
    take_back(writes, outcomes);
    note_failure();
    return false;
  }
  named_ = static_cast<std::uint64_t>(static_cast<std::int64_t>(named_) + applier.more_named());
  record_bytes_ += applier.more_record_bytes();
  ++commits_;
  writes_ += static_cast<std::uint64_t>(
    std::count(outcomes.begin(), outcomes.end(), store_outcome::committed));
  reason_.clear();
  write_back_log();
  return true;
}

} // namespace ccapi::store
