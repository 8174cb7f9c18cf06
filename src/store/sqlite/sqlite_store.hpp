#pragma once
// sqlite_store: conversations in one SQLite file, for one node.

#include "domain/result.hpp"
#include "domain/store/store.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/opening.hpp"
#include "store/sqlite/store_file.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <sys/types.h>
#include <vector>

namespace ccapi::store {

/// The file is the store's alone as long as this lives (a lock on PATH-lock); reading it with other
/// programs is fine. What is written is checked against a checksum when it is read.
///
/// What is unavailable is not in the file for as long as this lives. If the disk fails in the very
/// moment of a commit, and the program ends before anything could be written again, the next one
/// may find it there nevertheless, whole.
class sqlite_store final : public domain::store {
public:
  /// Opens the file, or makes it. Fails, with the reason for the operator in `message`, if the
  /// file can't be used as it is: a newer version's, another application's, or one that others can
  /// write to. Whatever may pass or can be mended meanwhile (a full disk, rights, another process)
  /// gives a store whose state() has a reason, and which recover() tries to open again.
  static domain::result<std::unique_ptr<sqlite_store>> open(sqlite_options options);

  ~sqlite_store() override;

  std::vector<domain::store_outcome> write(std::span<const domain::store_write> writes) override;
  domain::result<std::optional<domain::stored_dialogue>> load(const std::string& tenant,
                                                              const std::string& id) override;
  domain::result<std::optional<domain::stored_conversation>> find(const std::string& tenant,
                                                                  const std::string& id) override;
  domain::result<domain::conversation_page> list(const domain::page_query& query) override;
  domain::result<std::optional<domain::wall_time>> updated_at(const std::string& tenant,
                                                              const std::string& id) override;
  domain::result<std::optional<domain::idempotency_record>>
  find_idempotency_record(const std::string& tenant, const std::string& key) override;
  bool sweep(const domain::retention& keep, domain::wall_time now) override;
  void recover() override;
  [[nodiscard]] domain::store_state state() const override;

private:
  /// To tell whether a file has been replaced or mended.
  struct file_stamp {
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t modified = 0;
    friend bool operator==(const file_stamp&, const file_stamp&) = default;
  };

  explicit sqlite_store(sqlite_options options)
    : options_{std::move(options)} {}

  bool reopen();
  void close(std::string reason);
  /// It is open, sound and still where its path says.
  bool may_write();
  bool is_moved() const;
  [[nodiscard]] file_stamp stamp() const;

  /// One transaction. False: it failed, and what kept it from being committed is noted.
  bool write_together(std::span<const domain::store_write> writes,
                      std::span<domain::store_outcome> outcomes);
  void write_back_log();
  /// Takes the connection's failure as the store's.
  void note_failure();
  domain::error read_failure();
  std::optional<domain::stored_dialogue> read_dialogue(const std::string& tenant,
                                                       const std::string& id);

  sqlite_options options_;
  file_lock lock_;
  std::unique_ptr<connection> db_; ///< null: it could not be opened
  std::string path_;
  std::string reason_;
  std::optional<file_stamp> damaged_; ///< the file was when it looked like this
  std::uint64_t named_ = 0;
  std::int64_t record_bytes_ = 0; ///< of idempotency records
  std::uint64_t commits_ = 0;
  std::uint64_t writes_ = 0;
  std::uint64_t failures_ = 0;
};

} // namespace ccapi::store
