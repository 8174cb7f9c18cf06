#include "actors/turns/conversation_directory.hpp"
#include "stage.hpp"

#include <caf/event_based_actor.hpp>
#include <gtest/gtest.h>

namespace ccapi::actors::test {
namespace {

void fill(conversation_directory& known, conversation_record& record, std::size_t bytes) {
  record.head.reset();
  record.head = known.dialogues().append(known.dialogues().root({}),
                                         {domain::role::user, std::string(bytes, 'x')});
  known.changed(record);
}

TEST(conversation_directory, finds_a_conversation_again) {
  conversation_directory known{10, 1 << 20};
  const auto made = known.obtain("", "a");
  EXPECT_EQ(made->id, "a");
  EXPECT_FALSE(made->head);
  known.obtain("", "b");
  EXPECT_EQ(known.obtain("", "a"), made);
  EXPECT_EQ(known.size(), 2U);
}

TEST(conversation_directory, forgets_the_least_recently_used_beyond_its_number) {
  conversation_directory known{2, 1 << 20};
  const std::weak_ptr<conversation_record> a{known.obtain("", "a")};
  const std::weak_ptr<conversation_record> b{known.obtain("", "b")};
  known.obtain("", "a"); // b is the oldest now
  known.obtain("", "c");
  EXPECT_EQ(known.size(), 2U);
  EXPECT_FALSE(a.expired());
  EXPECT_TRUE(b.expired());
}

TEST(conversation_directory, forgets_the_least_recently_used_beyond_its_bytes) {
  conversation_directory known{100, 10'000};
  const auto a = known.obtain("", "a");
  const auto b = known.obtain("", "b");
  fill(known, *a, 4000);
  fill(known, *b, 4000);
  EXPECT_EQ(known.size(), 2U);
  fill(known, *b, 8000);
  EXPECT_EQ(known.size(), 1U);
  EXPECT_EQ(known.obtain("", "b"), b);
  EXPECT_NE(known.obtain("", "a"), a) << "a new, empty one";
}

TEST(conversation_directory, counts_bytes_up_and_down) {
  conversation_directory known{100, 1 << 20};
  const auto a = known.obtain("", "a");
  const auto empty = known.bytes();
  fill(known, *a, 4000);
  const auto full = known.bytes();
  EXPECT_GT(full, empty + 4000);
  EXPECT_LT(full, empty + 5000);
  fill(known, *a, 100);
  EXPECT_EQ(known.bytes(), full - 3900);
  known.obtain("", "b");
  EXPECT_GT(known.bytes(), full - 3900) << "an empty one costs, too";
}

TEST(conversation_directory, keeps_the_one_in_hand_even_if_it_is_beyond_all_bounds) {
  conversation_directory known{2, 1000};
  const auto a = known.obtain("", "a");
  fill(known, *a, 5000);
  EXPECT_EQ(known.size(), 1U);
  known.obtain("", "b");
  EXPECT_NE(known.obtain("", "a"), a) << "forgotten as soon as another one is in hand";
}

TEST(conversation_directory, never_forgets_one_that_is_in_use) {
  stage world;
  conversation_directory known{1, 1000};
  const auto busy = known.obtain("", "busy");
  busy->actor = world.system().spawn([]() -> conversation_actor::behavior_type {
    return {[](const turn_ended&) {},          [](const process_ended&) {},
            [](const submit_turn&) {},         [](const cancel_turn&) {},
            [](const grant_credit&) {},        [](const close_all&) {},
            [](const forget_conversation&) {}, [](const run_again&) {}};
  });
  const auto addressed = known.obtain("", "addressed");
  addressed->turns_in_mail = 1;
  fill(known, *busy, 5000);
  known.obtain("", "c");
  known.obtain("", "d");
  EXPECT_EQ(known.obtain("", "busy"), busy);
  EXPECT_EQ(known.obtain("", "addressed"), addressed);

  caf::anon_send_exit(busy->actor, caf::exit_reason::user_shutdown);
  destroy(busy->actor);
  addressed->turns_in_mail = 0;
  known.obtain("", "e");
  EXPECT_EQ(known.size(), 1U);
  world.pump();
}

TEST(conversation_directory, gives_those_who_rest_longest_first_and_once) {
  using namespace std::chrono_literals;
  const domain::steady_time start{};
  conversation_directory known{10, 1 << 20};
  const auto a = known.obtain("", "a");
  const auto b = known.obtain("", "b");
  const auto c = known.obtain("", "c");
  EXPECT_FALSE(known.longest_rest());
  known.rest(*a, {}, start);
  known.rest(*b, {}, start + 1s);
  known.rest(*c, {}, start + 2s);
  known.rest(*a, {}, start + 3s); // had a turn in between
  known.wake(*c);
  known.wake(*c);
  EXPECT_EQ(known.longest_rest(), start + 1s);
  EXPECT_EQ(known.take_rested(start), nullptr);
  EXPECT_EQ(known.take_rested(start + 3s), b);
  EXPECT_EQ(known.take_rested(start + 3s), a);
  EXPECT_EQ(known.take_rested(start + 3s), nullptr);
}

TEST(conversation_directory, keeps_tenants_apart) {
  conversation_directory known{10, 1 << 20};
  const auto one = known.obtain("one", "a");
  EXPECT_NE(known.obtain("two", "a"), one);
  EXPECT_EQ(known.find("one", "a"), one);
  EXPECT_EQ(known.find("", "a"), nullptr);
  EXPECT_EQ(known.page({.tenant = "two", .limit = 5}).entries.size(), 1U);
  EXPECT_TRUE(known.page({.tenant = "three", .limit = 5}).entries.empty());
}

TEST(conversation_directory, tenant_that_makes_many_forgets_its_own) {
  conversation_directory known{10, 1 << 20};
  for (const auto* id : {"a", "b", "c"})
    known.obtain("quiet", id);
  for (int count = 0; count < 100; ++count)
    known.obtain("busy", std::to_string(count));
  EXPECT_EQ(known.size(), 10U);
  for (const auto* id : {"a", "b", "c"})
    EXPECT_NE(known.find("quiet", id), nullptr) << id;
  EXPECT_EQ(known.find("busy", "92"), nullptr);
  EXPECT_NE(known.find("busy", "93"), nullptr) << "the last ones stay";
  // Who grows takes from whoever has more.
  for (int count = 0; count < 4; ++count)
    known.obtain("quiet", std::to_string(count));
  EXPECT_EQ(known.page({.tenant = "quiet", .limit = 20}).entries.size(), 5U);
  EXPECT_EQ(known.page({.tenant = "busy", .limit = 20}).entries.size(), 5U);
}

TEST(conversation_directory, those_in_use_of_one_tenant_do_not_push_out_another) {
  conversation_directory known{10, 1 << 20};
  for (const auto* id : {"a", "b", "c"})
    known.obtain("quiet", id);
  for (int count = 0; count < 20; ++count)
    known.obtain("busy", std::to_string(count))->turns_in_mail = 1;
  EXPECT_EQ(known.page({.tenant = "quiet", .limit = 20}).entries.size(), 3U);
  EXPECT_EQ(known.page({.tenant = "busy", .limit = 30}).entries.size(), 20U);
  for (int count = 0; count < 10; ++count)
    known.obtain("quiet", std::to_string(count));
  EXPECT_EQ(known.page({.tenant = "quiet", .limit = 20}).entries.size(), 5U) << "its own share";
}

TEST(conversation_directory, tenant_with_long_dialogues_forgets_its_own) {
  conversation_directory known{100, 20'000};
  const auto say = [&](const std::string& tenant, const std::string& id, std::size_t bytes) {
    const auto record = known.obtain(tenant, id);
    record->head = known.dialogues().append(known.dialogues().root({.tenant = tenant}),
                                            {domain::role::user, id + std::string(bytes, 'x')});
    known.changed(*record);
  };
  say("quiet", "a", 1000);
  for (int count = 0; count < 20; ++count)
    say("busy", std::to_string(count), 3000);
  EXPECT_NE(known.find("quiet", "a"), nullptr);
  EXPECT_GE(known.page({.tenant = "busy", .limit = 20}).entries.size(), 3U);
  EXPECT_LE(known.bytes(), 20'000U);
}

TEST(conversation_directory, finds_whom_a_process_rests_with) {
  conversation_directory known{10, 1 << 20};
  const auto root = known.dialogues().root({});
  const auto other = known.dialogues().root({.model = "other"});
  const auto turn = known.dialogues().append(root, {domain::role::user, "q"});
  const auto a = known.obtain("", "a");
  const auto b = known.obtain("", "b");
  b->named = true;
  known.rest(*a, turn, {}, 7);
  known.rest(*b, turn, {}, 8);
  EXPECT_EQ(known.one_turn_with(7, *root), a);
  EXPECT_EQ(known.one_turn_with(7, *other), nullptr);
  EXPECT_EQ(known.one_turn_with(8, *root), nullptr) << "it has a name";
  EXPECT_EQ(known.one_turn_with(9, *root), nullptr);
  known.wake(*a);
  EXPECT_EQ(known.one_turn_with(7, *root), nullptr);
}

TEST(conversation_directory, finds_the_last_to_come_to_rest_at_a_dialogue) {
  conversation_directory known{10, 1 << 20};
  const auto root = known.dialogues().root({});
  const auto turn = known.dialogues().append(root, {domain::role::user, "q"});
  std::vector<std::shared_ptr<conversation_record>> all;
  for (const auto* id : {"a", "b", "c", "named"})
    all.push_back(known.obtain("", id));
  all[3]->named = true;
  EXPECT_EQ(known.resting_at(turn), nullptr);
  for (const std::size_t next : {1, 2, 0, 3})
    known.rest(*all[next], turn, {});
  EXPECT_EQ(known.resting_at(turn), all[0]);
  known.wake(*all[0]);
  EXPECT_EQ(known.resting_at(turn), all[2]);
  known.rest(*all[1], turn, {});
  EXPECT_EQ(known.resting_at(turn), all[1]);
  EXPECT_EQ(known.resting_at(root), nullptr);
  EXPECT_EQ(known.resting_at({}), nullptr);
}

TEST(conversation_directory, removes_one_for_good_while_others_still_hold_it) {
  conversation_directory known{10, 1 << 20};
  const auto before = known.bytes();
  const auto record = known.obtain("", "a");
  fill(known, *record, 4000);
  known.rest(*record, {}, {});
  EXPECT_EQ(known.remove("", "a"), record);
  EXPECT_EQ(known.remove("", "a"), nullptr);
  EXPECT_EQ(known.find("", "a"), nullptr);
  EXPECT_FALSE(known.longest_rest());
  fill(known, *record, 9000); // its actor is still ending
  known.rest(*record, {}, {});
  record->head.reset();
  EXPECT_EQ(known.bytes(), before);
  EXPECT_FALSE(known.longest_rest());
  EXPECT_NE(known.obtain("", "a"), record);
}

TEST(conversation_directory, pages_show_the_newest_and_say_if_there_are_more) {
  conversation_directory known{10, 1 << 20};
  for (int i = 0; i < 5; ++i)
    known.obtain("", std::to_string(i))->updated_at =
      domain::wall_time{std::chrono::seconds{10 * (i % 3) + i}};
  const auto page = known.page({.tenant = "", .limit = 3});
  ASSERT_EQ(page.entries.size(), 3U);
  EXPECT_EQ(page.entries[0].id + page.entries[1].id + page.entries[2].id, "241");
  EXPECT_TRUE(page.more);
  EXPECT_FALSE(known.page({.tenant = "", .limit = 5}).more);
}

TEST(conversation_directory, forgets_one_that_rests_without_a_trace) {
  const domain::steady_time start{};
  conversation_directory known{1, 1 << 20};
  known.rest(*known.obtain("", "a"), {}, start);
  known.obtain("", "b");
  EXPECT_FALSE(known.longest_rest());
}

} // namespace
} // namespace ccapi::actors::test
