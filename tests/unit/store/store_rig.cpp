#include "store_rig.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sqlite3.h>
#include <utility>

namespace ccapi::store {

temp_directory::temp_directory(kind where) {
  std::string pattern = "/dev/shm/store-test-XXXXXX";
  if (where == kind::on_disk || ::mkdtemp(pattern.data()) == nullptr) {
    pattern = std::filesystem::temp_directory_path() / "store-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
      std::abort();
  }
  path_ = pattern;
}

temp_directory::~temp_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<sqlite_store> opened(const std::string& path) {
  return opened(sqlite_options{.path = path});
}

std::unique_ptr<sqlite_store> opened(sqlite_options options) {
  auto store = sqlite_store::open(std::move(options));
  if (!store) {
    ADD_FAILURE() << store.error().message;
    std::abort();
  }
  return *std::move(store);
}

domain::wall_time at(std::int64_t seconds) {
  return domain::wall_time{std::chrono::seconds{seconds}};
}

std::vector<domain::message> said(const std::string& question, const std::string& answer) {
  return {{domain::role::user, question}, {domain::role::assistant, answer}};
}

domain::append_turn turn_of(const turn_spec& spec) {
  domain::append_turn write;
  write.after.tenant = spec.tenant;
  write.after.named = spec.named;
  write.after.info = {.id = spec.id,
                      .created_at = at(spec.seconds),
                      .updated_at = at(spec.seconds),
                      .message_count = spec.depth,
                      .turn_count = static_cast<std::uint64_t>(spec.expected_last) + 1,
                      .total_tokens = 30,
                      .model = "claude-x",
                      .labels = {}};
  write.expected_last = spec.expected_last;
  write.turn.parent = spec.parent;
  write.turn.state = spec.state;
  write.turn.request_id = "req";
  write.turn.model = "claude-x";
  write.turn.model_ran = "claude-x-1";
  write.turn.messages = said(spec.question, "answer to " + spec.question);
  write.turn.depth = spec.depth;
  write.turn.usage = {.input_tokens = 10, .output_tokens = 20};
  write.turn.cost_microdollars = 5;
  write.turn.waited = std::chrono::microseconds{7};
  write.turn.total = std::chrono::microseconds{11};
  write.turn.at = at(spec.seconds);
  return write;
}

domain::store_outcome put(domain::store& into, domain::store_write write) {
  const std::array<domain::store_write, 1> one{std::move(write)};
  return into.write(one).at(0);
}

std::string questions_of(domain::store& from, const std::string& tenant, const std::string& id) {
  const auto found = from.load(tenant, id);
  if (!found)
    return "failed: " + found.error().detail;
  if (!*found)
    return "-";
  std::string all;
  for (const auto& message : (*found)->messages)
    if (message.role == domain::role::user)
      all += (all.empty() ? "" : " ") + plain_text(message);
  return all;
}

std::uint64_t stride(std::uint64_t usual) {
  return std::getenv("CCAPI_EVERY_CALL") == nullptr ? usual : 1;
}

namespace {

class raw_database {
public:
  explicit raw_database(const std::string& path) {
    EXPECT_EQ(sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    sqlite3_busy_timeout(db_, 2000);
  }
  raw_database(const raw_database&) = delete;
  raw_database& operator=(const raw_database&) = delete;
  ~raw_database() { sqlite3_close(db_); }

  std::string first(const std::string& statement) {
    sqlite3_stmt* made = nullptr;
    std::string text = "failed";
    if (sqlite3_prepare_v2(db_, statement.c_str(), -1, &made, nullptr) != SQLITE_OK)
      return sqlite3_errmsg(db_);
    if (sqlite3_step(made) == SQLITE_ROW) {
      const auto* value = sqlite3_column_text(made, 0);
      text = value != nullptr ? reinterpret_cast<const char*>(value) : "null";
    } else {
      text = sqlite3_errmsg(db_);
    }
    sqlite3_finalize(made);
    return text;
  }

  void execute(const std::string& statements) {
    char* text = nullptr;
    EXPECT_EQ(sqlite3_exec(db_, statements.c_str(), nullptr, nullptr, &text), SQLITE_OK)
      << (text != nullptr ? text : "");
    sqlite3_free(text);
  }

private:
  sqlite3* db_ = nullptr;
};

} // namespace

std::string content_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

std::string integrity_of(const std::string& path) {
  raw_database db{path};
  const auto whole = db.first("PRAGMA integrity_check");
  const auto orphans = db.first("SELECT count(*) FROM pragma_foreign_key_check");
  return orphans == "0" ? whole : whole + ", orphans: " + orphans;
}

void meddle(const std::string& path, const std::string& statements) {
  raw_database{path}.execute(statements);
}

std::int64_t peek(const std::string& path, const std::string& statement) {
  return std::stoll(raw_database{path}.first(statement));
}

} // namespace ccapi::store
