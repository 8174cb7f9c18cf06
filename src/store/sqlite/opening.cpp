#include "store/sqlite/opening.hpp"

#include "store/sqlite/schema.hpp"
#include "store/sqlite/trouble_text.hpp"

#include <utility>

namespace ccapi::store {

namespace {

// What is deleted is overwritten: nobody shall find it in the file. A log that had to grow gives
// its space back.
constexpr const char* settings = "PRAGMA foreign_keys = ON;"
                                 "PRAGMA secure_delete = ON;"
                                 "PRAGMA journal_size_limit = 16777216;"
                                 "PRAGMA cache_size = -2048";

std::string newer_text(const std::string& path) {
  return path
         + " was written by a newer version of claude-code-api. Start that version, or set "
           "store.path to another file; this one would lose what it does not know.";
}

std::string not_ours_text(const std::string& path) {
  return path
         + " is the database of another application. Set store.path to a file of the gateway's "
           "own; a file that does not exist is made.";
}

/// The empty string: it is in that mode now.
std::string turn_on_wal(connection& db, const std::string& path) {
  auto row = db("PRAGMA journal_mode = WAL");
  if (row.step() && row.text() == "wal")
    return {};
  if (db.failed())
    return reason_text(path, db.failure());
  return path
         + " is on a file system that lacks shared memory or locks, which SQLite's "
           "write-ahead log needs. Set store.path to a file on a local disk.";
}

/// The empty string: it is set up.
std::string set_up(connection& db, const sqlite_options& options, const std::string& path,
                   file_kind kind) {
  if (kind == file_kind::empty)
    db.execute("PRAGMA auto_vacuum = INCREMENTAL"); // ahead of everything else that is written
  if (auto reason = turn_on_wal(db, path); !reason.empty())
    return reason;
  db.execute(settings);
  db.execute(options.durability == durability::commit_before_answer
               ? "PRAGMA synchronous = FULL"
               : "PRAGMA synchronous = NORMAL");
  migrate(db);
  return db.failed() ? reason_text(path, db.failure()) : std::string{};
}

} // namespace

opened_store open_for_writing(const sqlite_options& options) {
  auto place = claim_place(options.path);
  opened_store opened;
  opened.path = place.path.empty() ? options.path : place.path;
  opened.lock = std::move(place.lock);
  opened.refused = place.trouble.unsafe;
  opened.reason = std::move(place.trouble.reason);
  if (!opened.reason.empty())
    return opened;
  auto db = std::make_unique<connection>(connection_options{
    .path = opened.path, .busy_timeout = options.commit_timeout, .vfs = options.vfs});
  const auto kind = kind_of(*db);
  switch (kind) {
  case file_kind::newer:
  case file_kind::not_ours:
    opened.refused = true;
    opened.reason = kind == file_kind::newer ? newer_text(opened.path) : not_ours_text(opened.path);
    return opened;
  case file_kind::unreadable:
    opened.reason = reason_text(opened.path, db->failure());
    break;
  case file_kind::empty:
  case file_kind::ours:
    opened.reason = set_up(*db, options, opened.path, kind);
    break;
  }
  if (opened.reason.empty())
    opened.db = std::move(db);
  else if (db->failed())
    opened.damaged = kind_of_trouble(db->failure()) == trouble_kind::damaged;
  return opened;
}

domain::result<std::unique_ptr<connection>> open_for_reading(const std::string& path) {
  const auto failed = [](std::string reason) {
    return domain::error{.code = domain::error_code::store_unavailable,
                         .message = std::move(reason)};
  };
  const auto place = find_place(path);
  if (!place.trouble.reason.empty())
    return failed(place.trouble.reason);
  constexpr std::chrono::seconds patience{5};
  auto db = std::make_unique<connection>(
    connection_options{.path = place.path, .read_only = true, .busy_timeout = patience});
  const auto kind = kind_of(*db);
  switch (kind) {
  case file_kind::newer:
    return failed(newer_text(place.path));
  case file_kind::not_ours:
    return failed(not_ours_text(place.path));
  case file_kind::unreadable:
    return failed(reason_text(place.path, db->failure()));
  case file_kind::empty:
    return failed(place.path + " is empty: no conversation has been stored in it yet.");
  case file_kind::ours:
    break;
  }
  return db;
}

} // namespace ccapi::store
