// What a store's calls cost, in steps of SQLite's machine: not more where more is stored.

#include "store_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sqlite3.h>
#include <string>
#include <vector>

namespace ccapi::store {
namespace {

sqlite3* last_opened = nullptr;

int note_connection(sqlite3* db, char** /*error*/, const sqlite3_api_routines* /*api*/) {
  last_opened = db;
  return SQLITE_OK;
}

/// What each statement has done since the last call, by its text.
std::map<std::string, int> steps_since(int what) {
  std::map<std::string, int> steps;
  for (auto* each = sqlite3_next_stmt(last_opened, nullptr); each != nullptr;
       each = sqlite3_next_stmt(last_opened, each))
    steps[sqlite3_sql(each)] = sqlite3_stmt_status(each, what, 1);
  return steps;
}

class cost : public testing::Test {
protected:
  using start = void (*)();
  cost() { sqlite3_auto_extension(reinterpret_cast<start>(&note_connection)); }
  ~cost() override { sqlite3_cancel_auto_extension(reinterpret_cast<start>(&note_connection)); }

  static domain::store_write record(const std::string& key, std::int64_t seconds) {
    return domain::put_idempotency_record{
      {.tenant = "t", .key = key, .body = "{}", .answered_at = at(seconds)}};
  }

  /// Everything that a store does for its callers, once.
  static void use(sqlite_store& store, int conversations) {
    const auto middle = at(1000 + conversations / 2);
    for (const bool oldest_first : {false, true}) {
      domain::page_query query{.tenant = "t", .limit = 20, .oldest_first = oldest_first};
      EXPECT_EQ(store.list(query)->entries.size(), 20u);
      query.after = domain::conversation_entry{"nobody", middle};
      EXPECT_EQ(store.list(query)->entries.size(), 20u);
    }
    EXPECT_EQ(questions_of(store, "t", "c7"), "q");
    EXPECT_TRUE(*store.find_idempotency_record("t", "k7"));
    EXPECT_EQ(put(store, record("k7", 5000)), domain::store_outcome::committed);
    EXPECT_TRUE(store.sweep({.idempotency = std::chrono::hours{1}}, at(3600 + 1003)));
    store.sweep({.idempotency_bytes_max = 1U << 30U}, at(1000));
    EXPECT_TRUE(*store.updated_at("t", "c7"));
    EXPECT_EQ(put(store, turn_of({.id = "c7", .expected_last = 1, .parent = 1, .depth = 4})),
              domain::store_outcome::committed);
    EXPECT_EQ(put(store, domain::remove_conversation_of{.tenant = "t", .id = "c9"}),
              domain::store_outcome::committed);
    EXPECT_TRUE(store.sweep({.named = std::chrono::hours{1}}, at(3600 + 1010)));
    store.sweep({.bytes_max = 1U << 30U}, at(1000));
  }

  /// The steps of each statement, where so many conversations are stored.
  std::map<std::string, int> steps_with(int conversations) {
    const temp_directory directory{temp_directory::kind::in_memory};
    auto store = opened(directory / "c.db");
    std::vector<domain::store_write> group;
    for (int number = 0; number < conversations; ++number) {
      auto write = turn_of({.id = "c" + std::to_string(number), .seconds = 1000 + number});
      write.turn.system_prompt = std::string(2000, 'p');
      group.emplace_back(std::move(write));
      group.emplace_back(record("k" + std::to_string(number), 1000 + number));
    }
    store->write(group);
    steps_since(SQLITE_STMTSTATUS_VM_STEP);
    steps_since(SQLITE_STMTSTATUS_FULLSCAN_STEP);
    steps_since(SQLITE_STMTSTATUS_SORT);
    use(*store, conversations);
    for (const auto& [sql, count] : steps_since(SQLITE_STMTSTATUS_FULLSCAN_STEP))
      EXPECT_LE(count, 20) << sql; // the first page is the beginning of an index
    for (const auto& [sql, count] : steps_since(SQLITE_STMTSTATUS_SORT))
      EXPECT_EQ(count, 0) << sql;
    return steps_since(SQLITE_STMTSTATUS_VM_STEP);
  }
};

TEST_F(cost, does_not_grow_with_what_is_stored) {
  const auto few = steps_with(100);
  const auto many = steps_with(4000);
  EXPECT_GT(few.size(), 30u);
  for (const auto& [sql, steps] : many)
    if (const auto known = few.find(sql); known != few.end())
      EXPECT_LE(steps, known->second + known->second / 10 + 10) << sql;
    else
      ADD_FAILURE() << "only where much is stored: " << sql;
}

} // namespace
} // namespace ccapi::store
