#include "store/sqlite/connection.hpp"

#include <utility>

namespace ccapi::store {

// -- connection ----------------------------------------------------------------------------------

connection::connection(const connection_options& options) {
  // No mutex: one thread at a time. No link in the path: it has been resolved by who opens it.
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE)
                    | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(options.path.c_str(), &opened, flags,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  db_.reset(opened);
  if (code != SQLITE_OK) {
    fail(code, opened != nullptr ? sqlite3_errmsg(opened) : sqlite3_errstr(code));
    return;
  }
  sqlite3_busy_timeout(opened, static_cast<int>(options.busy_timeout.count()));
  // What a schema says is not trusted, nor are sizes of cells in a damaged file.
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_wal_hook(opened, &note_log, log_.get()); // in place of SQLite's own, which hides failures
  execute("PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0");
}

void connection::fail(int code, std::string text) {
  if (!failure_)
    failure_ = db_failure{.code = code, .system_error = 0, .text = std::move(text)};
}

void connection::note(int code) {
  if (failure_)
    return;
  fail(code, sqlite3_errmsg(db_.get()));
  // The last call that failed may have been of another statement, long ago.
  const int primary = code & 0xff;
  if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL)
    failure_->system_error = sqlite3_system_errno(db_.get());
}

bool connection::execute(const char* statements) {
  if (failed())
    return false;
  const int code = sqlite3_exec(db_.get(), statements, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK)
    note(code);
  return code == SQLITE_OK;
}

std::int64_t connection::integer(const char* statement) {
  auto row = (*this)(statement);
  return row.step() ? row.number() : 0;
}

query connection::operator()(const char* sql) {
  if (failed())
    return {*this, nullptr};
  auto& prepared = statements_[sql];
  if (!prepared) {
    sqlite3_stmt* made = nullptr;
    const int code =
      sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    prepared.reset(made);
    if (code != SQLITE_OK)
      note(code);
  }
  return {*this, prepared.get()};
}

int connection::note_log(void* log, sqlite3* /*db*/, const char* /*name*/, int pages) noexcept {
  static_cast<log_state*>(log)->pages = pages;
  return SQLITE_OK;
}

void connection::write_back_log(int pages) {
  if (log_->pages < log_->tried)
    log_->tried = 0; // it has begun anew
  if (failed() || log_->pages < log_->tried + pages)
    return;
  log_->tried = log_->pages;
  const int code =
    sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
    note(code);
}

bool connection::in_transaction() const noexcept {
  return db_ && sqlite3_get_autocommit(db_.get()) == 0;
}

std::int64_t connection::last_row() const noexcept {
  return sqlite3_last_insert_rowid(db_.get());
}

std::int64_t connection::changes() const noexcept {
  return sqlite3_changes64(db_.get());
}

// -- query ---------------------------------------------------------------------------------------

query::query(query&& other) noexcept
  : db_{other.db_},
    statement_{std::exchange(other.statement_, nullptr)},
    parameter_{other.parameter_},
    column_{other.column_} {}

query::~query() {
  if (statement_ == nullptr)
    return;
  sqlite3_reset(statement_); // its code is that of the last step
  sqlite3_clear_bindings(statement_);
}

void query::bound(int code) {
  if (code != SQLITE_OK)
    db_.note(code);
}

query& query::text(std::string_view value) {
  if (statement_ != nullptr)
    bound(sqlite3_bind_text64(statement_, ++parameter_, value.empty() ? "" : value.data(),
                              value.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

query& query::blob(std::string_view value) {
  if (statement_ != nullptr)
    bound(sqlite3_bind_blob64(statement_, ++parameter_, value.empty() ? "" : value.data(),
                              value.size(), SQLITE_STATIC));
  return *this;
}

query& query::number(std::int64_t value) {
  if (statement_ != nullptr)
    bound(sqlite3_bind_int64(statement_, ++parameter_, value));
  return *this;
}

query& query::null() {
  if (statement_ != nullptr)
    bound(sqlite3_bind_null(statement_, ++parameter_));
  return *this;
}

bool query::step() {
  column_ = 0;
  if (statement_ == nullptr || db_.failed())
    return false;
  const int code = sqlite3_step(statement_);
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    db_.note(code);
  return code == SQLITE_ROW;
}

bool query::run() {
  while (step())
    ;
  return !db_.failed();
}

bool query::column_is(int type) {
  if (statement_ == nullptr || db_.failed())
    return false;
  if (sqlite3_column_type(statement_, column_) == type)
    return true;
  db_.fail(db_failure::damaged_row, "a column holds a value of the wrong kind");
  return false;
}

std::string_view query::text() {
  if (!column_is(SQLITE_TEXT))
    return {};
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column_));
  const int size = sqlite3_column_bytes(statement_, column_++);
  if (data == nullptr) {
    db_.fail(SQLITE_NOMEM, "out of memory");
    return {};
  }
  return {data, static_cast<std::size_t>(size)};
}

std::string_view query::blob() {
  if (!column_is(SQLITE_BLOB))
    return {};
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column_));
  const int size = sqlite3_column_bytes(statement_, column_++);
  if (data == nullptr && size > 0) {
    db_.fail(SQLITE_NOMEM, "out of memory");
    return {};
  }
  return {data, static_cast<std::size_t>(size)};
}

std::int64_t query::number() {
  return column_is(SQLITE_INTEGER) ? sqlite3_column_int64(statement_, column_++) : 0;
}

std::int64_t query::number(std::int64_t low, std::int64_t high) {
  const auto value = number();
  if (value >= low && value <= high)
    return value;
  db_.fail(db_failure::damaged_row, "a number is out of its range");
  return low;
}

std::optional<std::string_view> query::optional_text() {
  if (skip_null())
    return std::nullopt;
  return text();
}

std::optional<std::int64_t> query::optional_number() {
  if (skip_null())
    return std::nullopt;
  return number();
}

bool query::skip_null() {
  if (statement_ == nullptr || db_.failed()
      || sqlite3_column_type(statement_, column_) != SQLITE_NULL)
    return false;
  ++column_;
  return true;
}

// -- transaction ---------------------------------------------------------------------------------

namespace {
constexpr const char* begin_write = "BEGIN IMMEDIATE";
constexpr const char* begin_read = "BEGIN";
constexpr const char* commit_all = "COMMIT";
} // namespace

transaction::transaction(connection& db, kind what)
  : db_{db} {
  db_(what == kind::write ? begin_write : begin_read).run();
}

bool transaction::commit() {
  if (db_(commit_all).run())
    return true;
  roll_back();
  return false;
}

void transaction::roll_back() noexcept {
  // A failed statement may have rolled back by itself already.
  if (db_.in_transaction())
    sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

} // namespace ccapi::store
