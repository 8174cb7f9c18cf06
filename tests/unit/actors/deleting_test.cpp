#include "keeping_rig.hpp"

#include <memory>
#include <optional>
#include <string>

// Conversations that are deleted: from memory and from the store, or from neither.

namespace ccapi::actors::test {

using deleting = keeping;

TEST_F(deleting, what_was_deleted_stays_so) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  EXPECT_EQ(remove("a")->turn_count, 1U);
  EXPECT_TRUE(store->kept.empty());
  restart();
  client second;
  turn_with_history(second, "a", {}, "anew", "1");
}

TEST_F(deleting, what_could_not_be_deleted_goes_on_with_all_its_turns) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  store->fails = true;
  client second;
  turn(second, "a", 0, "two", "2"); // known here only
  EXPECT_EQ(remove("a").error().code, domain::error_code::store_unavailable);
  client third;
  turn_with_history(third, "a", {{"one", "1"}, {"two", "2"}}, "three", "3");
  store->fails = false;
  EXPECT_EQ(remove("a")->turn_count, 3U);
  EXPECT_TRUE(store->kept.empty());
  EXPECT_EQ(shard().conversations.size(), 0U);
}

TEST_F(deleting, a_turn_that_comes_meanwhile_begins_anew) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  std::optional<domain::result<domain::conversation_info>> deleted;
  gateway().remove_conversation({"", "a"}, [&](auto last) { deleted = std::move(last); });
  while (world.pump_loop(0)) { // all but the store
  }
  EXPECT_FALSE(deleted);
  client second;
  const auto child = children.size();
  submit(second, "a", "anew");
  ASSERT_GT(children.size(), child);
  children.at(child).cli.boot();
  world.pump();
  next_turn(child, "anew", "2");
  EXPECT_TRUE(second.finished);
  EXPECT_TRUE(deleted && *deleted);
  EXPECT_EQ(kept("a").about.info.message_count, 2U);
}

} // namespace ccapi::actors::test
