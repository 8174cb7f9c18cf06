// A tenant's conversations, page by page.

#include "store_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ccapi::store {
namespace {

using domain::conversation_entry;
using testing::ElementsAre;

class paging : public testing::Test {
protected:
  void add(const std::string& id, std::int64_t seconds, bool named = true,
           const std::string& tenant = "t") {
    ASSERT_EQ(
      put(*store, turn_of({.id = id, .tenant = tenant, .named = named, .seconds = seconds})),
      domain::store_outcome::committed);
  }

  std::vector<std::string> page(const domain::page_query& query) {
    const auto found = store->list(query);
    EXPECT_TRUE(found);
    std::vector<std::string> ids;
    for (const auto& entry : found->entries)
      ids.push_back(entry.id);
    if (found->more)
      ids.emplace_back("...");
    return ids;
  }

  temp_directory directory;
  std::unique_ptr<sqlite_store> store = opened(directory / "c.db");
};

TEST_F(paging, shows_the_newest_first_and_named_ones_of_the_tenant_only) {
  add("old", 1);
  add("b", 2);
  add("a", 2);
  add("new", 3);
  add("unnamed", 4, false);
  add("other", 5, true, "u");
  EXPECT_THAT(page({.tenant = "t"}), ElementsAre("new", "a", "b", "old"));
  EXPECT_THAT(page({.tenant = "t", .oldest_first = true}), ElementsAre("old", "b", "a", "new"));
  EXPECT_THAT(page({.tenant = "t", .limit = 2}), ElementsAre("new", "a", "..."));
  EXPECT_THAT(page({.tenant = "t", .limit = 4}), ElementsAre("new", "a", "b", "old"));
  EXPECT_THAT(page({.tenant = "t", .limit = 0}), ElementsAre("new", "..."));
}

TEST_F(paging, goes_on_behind_an_entry_that_is_gone) {
  for (const auto* id : {"a", "b", "c", "d"})
    add(id, 2);
  add("new", 3);
  add("old", 1);
  put(*store, domain::remove_conversation_of{.tenant = "t", .id = "b"});
  EXPECT_THAT(page({.tenant = "t", .after = conversation_entry{"b", at(2)}}),
              ElementsAre("c", "d", "old"));
  EXPECT_THAT(page({.tenant = "t", .oldest_first = true, .after = conversation_entry{"b", at(2)}}),
              ElementsAre("a", "new"));
  EXPECT_THAT(page({.tenant = "t", .limit = 2, .after = conversation_entry{"b", at(2)}}),
              ElementsAre("c", "d", "..."));
  EXPECT_THAT(page({.tenant = "t", .limit = 1, .after = conversation_entry{"b", at(2)}}),
              ElementsAre("c", "..."));
  EXPECT_THAT(page({.tenant = "t", .after = conversation_entry{"old", at(1)}}), ElementsAre());
}

TEST_F(paging, visits_all_once_in_both_directions) {
  std::vector<conversation_entry> all;
  for (int number = 0; number < 57; ++number) {
    const auto id = "c" + std::to_string(number * 7919 % 57);
    add(id, 1000 + number / 5);
    all.push_back({id, at(1000 + number / 5)});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return domain::page_query{}.comes_before(a.updated_at, a.id, b.updated_at, b.id);
  });
  for (const bool oldest_first : {false, true}) {
    for (const std::size_t limit : {1U, 2U, 5U, 7U, 57U}) {
      std::vector<std::string> seen;
      domain::page_query query{.tenant = "t", .limit = limit, .oldest_first = oldest_first};
      bool more = true;
      while (more) {
        const auto found = store->list(query);
        ASSERT_TRUE(found);
        ASSERT_FALSE(found->entries.empty());
        for (const auto& entry : found->entries)
          seen.push_back(entry.id);
        query.after = found->entries.back();
        more = found->more;
      }
      std::vector<std::string> expected;
      for (const auto& entry : all)
        expected.push_back(entry.id);
      if (oldest_first)
        std::reverse(expected.begin(), expected.end());
      EXPECT_EQ(seen, expected) << limit;
    }
  }
}

TEST_F(paging, moves_what_is_used_to_the_front) {
  add("a", 1);
  add("b", 2);
  put(*store, turn_of({.id = "a", .expected_last = 1, .parent = 1, .depth = 4, .seconds = 3}));
  EXPECT_THAT(page({.tenant = "t"}), ElementsAre("a", "b"));
  EXPECT_EQ(*store->updated_at("t", "a"), at(3));
}

} // namespace
} // namespace ccapi::store
