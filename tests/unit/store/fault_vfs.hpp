#pragma once
// fault_vfs: a file system for SQLite that fails when it is told to, and that knows what would be
// left if the power went now.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <sqlite3.h>
#include <string>

namespace ccapi::store {

enum class file_call : std::uint8_t { open, read, write, sync, truncate };

/// Stands before SQLite's own one as long as it lives; one at a time, one thread.
class fault_vfs {
public:
  fault_vfs();
  fault_vfs(const fault_vfs&) = delete;
  fault_vfs& operator=(const fault_vfs&) = delete;
  ~fault_vfs();

  [[nodiscard]] const char* name() const noexcept;

  /// Of the calls from now on, the one of this number (from 1) fails with that code, or it and all
  /// that come later. Calls that only read count if `reads`.
  void fail_call(std::uint64_t number, int code, bool all_later, bool reads = false);
  /// No more failures.
  void heal();
  /// Whether any call has failed since fail_call.
  [[nodiscard]] bool has_failed() const noexcept { return failed_; }

  /// Before the call of this number from now on (writes, syncs and truncations count), calls
  /// `look`, once.
  void before_call(std::uint64_t number, std::function<void()> look);

  /// The files whose names begin with that, as a power failure might leave them: what was synced
  /// is there, and of what was written since then anything may be, or a part. `chance` is asked for
  /// numbers.
  [[nodiscard]] std::map<std::string, std::string>
  after_power_failure(const std::string& path, const std::function<unsigned()>& chance) const;

private:
  friend struct fault_file_calls;
  struct image;
  struct registration;

  int fault(file_call what);

  std::unique_ptr<registration> registered_;
  std::map<std::string, image> images_;
  std::uint64_t calls_left_ = 0;
  int code_ = 0;
  bool all_later_ = false;
  bool reads_ = false;
  bool failed_ = false;
  std::uint64_t calls_until_look_ = 0;
  std::function<void()> look_;
};

} // namespace ccapi::store
