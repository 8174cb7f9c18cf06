#pragma once
// connection: one open database, its prepared statements, and the first failure that it met.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ccapi::store {

/// What kept a statement from being run.
struct db_failure {
  /// Beside SQLite's codes: the file is sound as far as SQLite can tell, but a row of ours is not.
  static constexpr int damaged_row = 0xfe;

  int code = SQLITE_OK; ///< SQLite's, extended, or damaged_row
  int system_error = 0; ///< errno behind it, if any
  std::string text;     ///< SQLite's words, or ours; for operators

  [[nodiscard]] int primary() const noexcept { return code & 0xff; }
};

struct connection_options {
  std::string path;
  bool read_only = false;
  std::chrono::milliseconds busy_timeout{}; ///< how long to wait for another process's lock
  std::string vfs{};                        ///< SQLite's name of it; empty: the default one
};

class query;

/// After its first failure no statement does anything until clear_failure(): so a caller runs many
/// and asks once. One thread.
class connection {
public:
  /// Does not touch the file's content. Look at failed().
  explicit connection(const connection_options& options);

  [[nodiscard]] bool failed() const noexcept { return failure_.has_value(); }
  /// Only after failed().
  [[nodiscard]] const db_failure& failure() const noexcept { return *failure_; }
  void clear_failure() noexcept { failure_.reset(); }
  /// Notes a failure, unless there is one already.
  void fail(int code, std::string text);

  /// Runs statements that give no rows, or whose rows do not matter. True if all went well.
  bool execute(const char* statements);
  /// The first column of the first row.
  std::int64_t integer(const char* statement);

  /// A statement that is prepared once. `sql` is a constant: it is known by its address.
  query operator()(const char* sql);

  /// Moves the log's pages to their places in the file if it has at least so many, or so many more
  /// than when that was last tried: somebody may be reading what it would overwrite.
  void write_back_log(int pages);

  /// A transaction has been begun and not ended.
  [[nodiscard]] bool in_transaction() const noexcept;
  [[nodiscard]] std::int64_t last_row() const noexcept;
  /// Rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const noexcept;
  [[nodiscard]] sqlite3* handle() const noexcept { return db_.get(); }

private:
  friend class query;
  struct closer {
    void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
  };
  struct finalizer {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };

  static int note_log(void* log, sqlite3* db, const char* name, int pages) noexcept;
  void note(int code);

  struct log_state {
    int pages = 0; ///< as of the last commit
    int tried = 0; ///< how many it had when it was to be written back
  };
  std::unique_ptr<log_state> log_ = std::make_unique<log_state>();
  std::unique_ptr<sqlite3, closer> db_;
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, finalizer>> statements_;
  std::optional<db_failure> failure_;
};

/// One run of a prepared statement: bind the parameters in order, step over the rows, read their
/// columns in order. What it shows of a row lives until the next step. A column that is not of the
/// kind that is asked for is a failure of the connection.
class query {
public:
  query(connection& db, sqlite3_stmt* statement) noexcept
    : db_{db},
      statement_{statement} {}
  query(query&& other) noexcept;
  query(const query&) = delete;
  query& operator=(const query&) = delete;
  query& operator=(query&&) = delete;
  ~query();

  /// Borrowed until the run is over.
  query& text(std::string_view value);
  query& blob(std::string_view value);
  query& number(std::int64_t value);
  query& null();

  /// True: there is a row. False: there are no more, or the connection has failed.
  bool step();
  /// Steps to the end. True if all went well.
  bool run();

  std::string_view text();
  std::string_view blob();
  std::int64_t number();
  /// From `low` to `high`; anything else is a failure.
  std::int64_t number(std::int64_t low, std::int64_t high);
  /// Nothing: NULL.
  std::optional<std::string_view> optional_text();
  std::optional<std::int64_t> optional_number();

private:
  bool column_is(int type);
  bool skip_null();
  void bound(int code);

  connection& db_;
  sqlite3_stmt* statement_;
  int parameter_ = 0;
  int column_ = 0;
};

/// Rolls back what is not committed when it goes.
class transaction {
public:
  enum class kind : std::uint8_t { read, write };

  transaction(connection& db, kind what);
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction() { roll_back(); }

  /// False, with nothing written, if anything has failed since it began.
  bool commit();
  /// Leaves the connection's failure as it is.
  void roll_back() noexcept;

private:
  connection& db_;
};

} // namespace ccapi::store
