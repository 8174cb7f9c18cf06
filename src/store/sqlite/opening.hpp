#pragma once
// opening: from a path to a database that is ours, of this version, and set up.

#include "domain/result.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/store_file.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace ccapi::store {

/// When a write counts as committed.
enum class durability : std::uint8_t {
  commit_before_answer, ///< it is on the disk, whatever happens to the machine
  after_answer, ///< the kernel has it: it outlives the program, the last ones not a power failure
};

struct sqlite_options {
  /// Of the file. Missing directories are made, and so is the file.
  std::string path;
  store::durability durability = store::durability::commit_before_answer;
  /// How long a lock of another process is waited for.
  std::chrono::milliseconds commit_timeout{2000};
  /// Pages of the log, 4 KiB each, from which on it is written back to the file.
  int log_pages = 1000;
  /// SQLite's virtual file system, for tests; empty: the default one.
  std::string vfs{};
};

/// Null `db`: it could not be opened.
struct opened_store {
  file_lock lock;
  std::unique_ptr<connection> db;
  std::string path;     ///< without links; as far as it is known
  bool refused = false; ///< it can't get better by itself: the start is to be refused
  bool damaged = false; ///< the file is a database, and broken
  std::string reason;
};

opened_store open_for_writing(const sqlite_options& options);

/// An existing file that is ours. Changes nothing. Fails with: store_unavailable; `message` is for
/// the operator.
domain::result<std::unique_ptr<connection>> open_for_reading(const std::string& path);

} // namespace ccapi::store
