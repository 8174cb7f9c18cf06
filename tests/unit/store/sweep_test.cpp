// What a store deletes by itself, and when.

#include "store_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

namespace ccapi::store {
namespace {

using namespace std::chrono_literals;
using domain::store_outcome;

class sweeping : public testing::Test {
protected:
  void add(const std::string& id, std::int64_t seconds, bool named = true, std::size_t bytes = 10,
           const std::string& tenant = "t") {
    auto write = turn_of({.id = id, .tenant = tenant, .named = named, .seconds = seconds});
    write.turn.messages[0] = {domain::role::user, std::string(bytes, 'x')};
    ASSERT_EQ(put(*store, write), store_outcome::committed);
  }

  /// How many steps did something.
  int sweep(const domain::retention& keep, std::int64_t now) {
    int steps = 0;
    while (store->sweep(keep, at(now)) && steps < 1000)
      ++steps;
    return steps;
  }

  bool has(const std::string& id, const std::string& tenant = "t") {
    return store->find(tenant, id)->has_value();
  }

  temp_directory directory;
  std::string path = directory / "c.db";
  std::unique_ptr<sqlite_store> store = opened(path);
};

TEST_F(sweeping, goes_by_the_time_of_the_last_turn) {
  add("old", 1000);
  add("new", 5000);
  add("unnamed", 4000, false);
  add("other", 1000, true, 10, "u");
  EXPECT_EQ(sweep({}, 1'000'000'000), 0) << "no limits";
  EXPECT_EQ(sweep({.named = 1h, .unnamed = 60min}, 4600), 0) << "an hour is not over";
  EXPECT_TRUE(has("old"));
  EXPECT_GT(sweep({.named = 1h, .unnamed = 60min}, 4601), 0);
  EXPECT_FALSE(has("old"));
  EXPECT_FALSE(has("other", "u"));
  EXPECT_TRUE(has("new"));
  EXPECT_TRUE(has("unnamed"));
  EXPECT_GT(sweep({.named = 1h, .unnamed = 5min}, 4601), 0);
  EXPECT_FALSE(has("unnamed"));
  EXPECT_EQ(store->state().conversations, 1u);
}

TEST_F(sweeping, keeps_what_was_used_again) {
  add("c", 1000);
  put(*store, turn_of({.id = "c", .expected_last = 1, .parent = 1, .depth = 4, .seconds = 5000}));
  EXPECT_EQ(sweep({.named = 1h}, 5500), 0);
  EXPECT_TRUE(has("c"));
}

TEST_F(sweeping, takes_small_steps) {
  for (int number = 0; number < 100; ++number)
    add("c" + std::to_string(number), 1000 + number);
  EXPECT_TRUE(store->sweep({.named = 1h}, at(1'000'000)));
  EXPECT_GE(store->state().conversations, 50u);
  EXPECT_GE(sweep({.named = 1h}, 1'000'000), 2);
  EXPECT_EQ(store->state().conversations, 0u);
}

TEST_F(sweeping, deletes_the_longest_unused_beyond_the_size) {
  constexpr std::size_t each = 100'000;
  for (int number = 0; number < 40; ++number)
    add("c" + std::to_string(number), 1000 + number, true, each, number % 3 == 0 ? "t" : "u");
  sweep({.bytes_max = 20 * each}, 1);
  int left = 0;
  bool gap = false;
  for (int number = 0; number < 40; ++number) {
    const bool there = has("c" + std::to_string(number), number % 3 == 0 ? "t" : "u");
    left += there ? 1 : 0;
    gap = gap || (!there && left > 0);
  }
  EXPECT_FALSE(gap) << "a newer one went before an older one";
  EXPECT_GE(left, 10);
  EXPECT_LT(left, 20);
}

TEST_F(sweeping, deletes_what_nobody_named_before_what_somebody_did) {
  constexpr std::size_t each = 100'000;
  for (int number = 0; number < 20; ++number)
    add("c" + std::to_string(number), 1000 + number, number < 5, each);
  sweep({.bytes_max = 10 * each}, 1);
  for (int number = 0; number < 5; ++number)
    EXPECT_TRUE(has("c" + std::to_string(number))) << number;
  EXPECT_FALSE(has("c5"));
  EXPECT_TRUE(has("c19"));
}

TEST_F(sweeping, gives_room_back_to_the_disk) {
  constexpr std::size_t each = 400'000;
  for (int number = 0; number < 60; ++number)
    add("c" + std::to_string(number), 1000 + number, true, each);
  const auto full = store->state().bytes;
  EXPECT_GT(full, 60 * each);
  sweep({.bytes_max = 10 * each}, 1);
  store.reset();
  store = opened(path);
  EXPECT_LT(store->state().bytes, full / 2);
}

TEST_F(sweeping, lets_the_file_grow_no_further_than_what_is_in_it) {
  constexpr std::size_t each = 200'000;
  std::uint64_t most = 0;
  for (int number = 0; number < 200; ++number) {
    add("c" + std::to_string(number), 1000 + number, true, each);
    sweep({.bytes_max = 20 * each}, 1);
    most = std::max(most, store->state().bytes);
  }
  EXPECT_LT(most, 20 * each * 2 + (20U << 20U)) << "the log has up to 16 MiB";
}

TEST_F(sweeping, leaves_nothing_of_it_in_the_file) {
  auto write = turn_of({.question = "a very secret word"});
  put(*store, write);
  add("other", 5000);
  put(*store, domain::remove_conversation_of{.tenant = "t", .id = "c"});
  store.reset();
  std::string content;
  {
    std::ifstream in{path, std::ios::binary};
    content.assign(std::istreambuf_iterator<char>{in}, {});
  }
  EXPECT_EQ(content.find("very secret"), std::string::npos);
}

} // namespace
} // namespace ccapi::store
