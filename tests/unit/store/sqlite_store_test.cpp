// What a store gives back of what it was given.

#include "store_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace ccapi::store {
namespace {

using domain::store_outcome;
using domain::stored_state;
using testing::ElementsAre;
using testing::IsEmpty;

class sqlite_store_test : public testing::Test {
protected:
  void reopen() {
    store.reset();
    store = opened(path);
  }
  std::string questions(const std::string& id = "c", const std::string& tenant = "t") {
    return questions_of(*store, tenant, id);
  }

  temp_directory directory;
  std::string path = directory / "conversations.db";
  std::unique_ptr<sqlite_store> store = opened(path);
};

// -- the tree -------------------------------------------------------------------------------------

TEST_F(sqlite_store_test, gives_back_a_dialogue_as_it_was) {
  auto first = turn_of({.question = "q1"});
  first.turn.system_prompt = "be brief";
  first.after.info.labels = {{"z", "1"}, {"a", "\"2\""}};
  auto second =
    turn_of({.expected_last = 1, .parent = 1, .depth = 4, .question = "q2", .seconds = 2000});
  second.after.info.labels = first.after.info.labels;
  ASSERT_EQ(put(*store, first), store_outcome::committed);
  ASSERT_EQ(put(*store, second), store_outcome::committed);
  reopen();
  const auto found = store->load("t", "c");
  ASSERT_TRUE(found && *found);
  const auto& dialogue = **found;
  EXPECT_EQ(dialogue.model, "claude-x");
  EXPECT_EQ(dialogue.system_prompt, "be brief");
  EXPECT_THAT(dialogue.path, ElementsAre(domain::turn_end{1, 2}, domain::turn_end{2, 4}));
  auto messages = said("q1", "answer to q1");
  for (auto& each : said("q2", "answer to q2"))
    messages.push_back(each);
  EXPECT_EQ(dialogue.messages, messages);
  const auto& about = dialogue.about;
  EXPECT_EQ(about.tenant, "t");
  EXPECT_TRUE(about.named);
  EXPECT_EQ(about.last, 2);
  EXPECT_EQ(about.head, 2);
  EXPECT_EQ(about.info.id, "c");
  EXPECT_EQ(about.info.created_at, at(1000));
  EXPECT_EQ(about.info.updated_at, at(2000));
  EXPECT_EQ(about.info.message_count, 4u);
  EXPECT_EQ(about.info.turn_count, 2u);
  EXPECT_EQ(about.info.total_tokens, 30);
  EXPECT_EQ(about.info.model, "claude-x");
  EXPECT_EQ(about.info.labels, first.after.info.labels);
}

TEST_F(sqlite_store_test, keeps_times_to_the_nanosecond) {
  auto write = turn_of({});
  write.after.info.updated_at = at(1000) + std::chrono::nanoseconds{123'456'789};
  ASSERT_EQ(put(*store, write), store_outcome::committed);
  const auto time = store->updated_at("t", "c");
  ASSERT_TRUE(time && *time);
  EXPECT_EQ(**time, write.after.info.updated_at);
}

TEST_F(sqlite_store_test, goes_on_behind_the_newest_branch) {
  put(*store, turn_of({.question = "q1"}));
  put(*store, turn_of({.expected_last = 1, .parent = 1, .depth = 4, .question = "q2"}));
  put(*store, turn_of({.expected_last = 2, .parent = 1, .depth = 4, .question = "other"}));
  EXPECT_EQ(questions(), "q1 other");
  put(*store, turn_of({.expected_last = 3, .parent = 2, .depth = 6, .question = "q3"}));
  EXPECT_EQ(questions(), "q1 q2 q3");
  put(*store, turn_of({.expected_last = 4, .parent = 0, .depth = 2, .question = "anew"}));
  EXPECT_EQ(questions(), "anew");
  const auto found = store->load("t", "c");
  EXPECT_EQ((*found)->about.last, 5);
}

TEST_F(sqlite_store_test, lets_a_branch_change_the_system_prompt) {
  auto first = turn_of({.question = "q1"});
  first.turn.system_prompt = "one";
  auto second = turn_of({.expected_last = 1, .parent = 0, .depth = 2, .question = "q2"});
  second.turn.system_prompt = "";
  put(*store, first);
  put(*store, second);
  EXPECT_EQ((*store->load("t", "c"))->system_prompt, "");
  put(*store, turn_of({.expected_last = 2, .parent = 1, .depth = 4, .question = "q3"}));
  EXPECT_EQ((*store->load("t", "c"))->system_prompt, "one");
}

TEST_F(sqlite_store_test, keeps_an_interrupted_turn_out_of_the_dialogue) {
  put(*store, turn_of({.question = "q1"}));
  put(*store, turn_of({.expected_last = 1,
                       .parent = 1,
                       .depth = 4,
                       .question = "cut",
                       .state = stored_state::interrupted}));
  EXPECT_EQ(questions(), "q1");
  EXPECT_EQ((*store->find("t", "c"))->last, 2);
  EXPECT_EQ((*store->find("t", "c"))->head, 1);
  put(*store, turn_of({.expected_last = 2, .parent = 1, .depth = 4, .question = "q2"}));
  EXPECT_EQ(questions(), "q1 q2");
  EXPECT_EQ(put(*store, turn_of({.expected_last = 3, .parent = 2, .depth = 6})),
            store_outcome::stale)
    << "nothing goes on behind an interrupted turn";
}

TEST_F(sqlite_store_test, has_a_dialogue_without_a_head) {
  put(*store, turn_of({.question = "cut", .state = stored_state::interrupted}));
  const auto found = store->load("t", "c");
  ASSERT_TRUE(found && *found);
  EXPECT_THAT((*found)->messages, IsEmpty());
  EXPECT_THAT((*found)->path, IsEmpty());
  EXPECT_EQ((*found)->model, "");
  EXPECT_EQ((*found)->about.head, 0);
}

// -- staleness ------------------------------------------------------------------------------------

TEST_F(sqlite_store_test, refuses_what_builds_on_something_older) {
  EXPECT_EQ(put(*store, turn_of({.expected_last = 1, .parent = 1})), store_outcome::stale)
    << "there is no such conversation";
  EXPECT_EQ(put(*store, turn_of({.parent = 1})), store_outcome::stale);
  put(*store, turn_of({.question = "q1"}));
  EXPECT_EQ(put(*store, turn_of({.question = "twice"})), store_outcome::stale);
  EXPECT_EQ(put(*store, turn_of({.expected_last = 2, .parent = 1, .depth = 4})),
            store_outcome::stale);
  EXPECT_EQ(put(*store, turn_of({.expected_last = 1, .parent = 7, .depth = 4})),
            store_outcome::stale)
    << "no such parent";
  auto other_epoch = turn_of({.expected_last = 1, .parent = 1, .depth = 4});
  other_epoch.after.epoch = 1;
  EXPECT_EQ(put(*store, other_epoch), store_outcome::stale);
  EXPECT_EQ(questions(), "q1");
  EXPECT_EQ((*store->find("t", "c"))->last, 1);
}

TEST_F(sqlite_store_test, commits_a_group_in_order_without_what_is_stale) {
  const std::vector<domain::store_write> group{
    turn_of({.question = "q1"}),
    turn_of({.question = "stale"}),
    turn_of({.expected_last = 1, .parent = 1, .depth = 4, .question = "q2"}),
    domain::remove_conversation_of{.tenant = "t", .id = "nobody"},
    turn_of({.id = "d", .expected_last = 3, .parent = 3}),
    turn_of({.id = "d", .question = "other"}),
    domain::remove_conversation_of{.tenant = "t", .id = "d"},
    turn_of({.id = "d", .question = "again"}),
  };
  constexpr auto committed = store_outcome::committed;
  constexpr auto stale = store_outcome::stale;
  EXPECT_THAT(store->write(group), ElementsAre(committed, stale, committed, committed, stale,
                                               committed, committed, committed));
  EXPECT_EQ(questions(), "q1 q2");
  EXPECT_EQ(questions("d"), "again");
  EXPECT_EQ(store->state().commits, 1u);
  EXPECT_EQ(store->state().writes, 6u);
  EXPECT_EQ(store->state().conversations, 2u);
  EXPECT_THAT(store->write({}), IsEmpty());
}

// -- conversations --------------------------------------------------------------------------------

TEST_F(sqlite_store_test, makes_a_conversation_without_a_turn) {
  domain::put_conversation write;
  write.what.tenant = "t";
  write.what.info = {
    .id = "c", .created_at = at(5), .updated_at = at(5), .model = "m", .labels = {{"k", "v"}}};
  write.fresh = true;
  EXPECT_EQ(put(*store, write), store_outcome::committed);
  EXPECT_EQ(put(*store, write), store_outcome::stale) << "it exists";
  EXPECT_EQ(questions(), "");
  write.fresh = false;
  write.what.info.labels = {};
  write.what.info.model = "n";
  write.what.info.updated_at = at(6);
  write.what.info.total_tokens = 77;
  EXPECT_EQ(put(*store, write), store_outcome::committed);
  const auto found = *store->find("t", "c");
  EXPECT_THAT(found->info.labels, IsEmpty());
  EXPECT_EQ(found->info.model, "n");
  EXPECT_EQ(found->info.updated_at, at(5)) << "of the last turn only";
  EXPECT_EQ(found->info.total_tokens, 0);
  EXPECT_EQ(put(*store, turn_of({.question = "q1"})), store_outcome::committed);
  EXPECT_EQ(questions(), "q1");
  EXPECT_EQ((*store->find("t", "c"))->info.created_at, at(5));
}

TEST_F(sqlite_store_test, changes_labels_and_leaves_turns_alone) {
  put(*store, turn_of({.question = "q1", .named = false}));
  EXPECT_EQ(store->state().conversations, 0u);
  domain::put_conversation write;
  write.what = **store->find("t", "c");
  write.what.named = true;
  write.what.last = 9;
  write.what.head = 0;
  write.what.info.turn_count = 9;
  EXPECT_EQ(put(*store, write), store_outcome::committed);
  const auto found = *store->find("t", "c");
  EXPECT_TRUE(found->named);
  EXPECT_EQ(found->last, 1);
  EXPECT_EQ(found->head, 1);
  EXPECT_EQ(found->info.turn_count, 1u);
  EXPECT_EQ(store->state().conversations, 1u);
}

TEST_F(sqlite_store_test, removes_a_conversation_unless_it_has_got_a_name) {
  put(*store, turn_of({.id = "named"}));
  put(*store, turn_of({.id = "unnamed", .named = false}));
  const auto remove = [this](const std::string& id, bool unless_named) {
    return put(*store, domain::remove_conversation_of{
                         .tenant = "t", .id = id, .unless_named = unless_named});
  };
  EXPECT_EQ(remove("named", true), store_outcome::committed);
  EXPECT_EQ(remove("unnamed", true), store_outcome::committed);
  EXPECT_EQ(questions("named"), "q");
  EXPECT_EQ(questions("unnamed"), "-");
  EXPECT_EQ(remove("named", false), store_outcome::committed);
  EXPECT_EQ(remove("named", false), store_outcome::committed);
  EXPECT_EQ(questions("named"), "-");
  EXPECT_EQ(store->state().conversations, 0u);
  store.reset();
  EXPECT_EQ(peek(path, "SELECT count(*) FROM turns"), 0);
  EXPECT_EQ(peek(path, "SELECT count(*) FROM conversations"), 0);
}

TEST_F(sqlite_store_test, frees_the_id_of_a_long_conversation_at_once_and_sweeps_the_rest) {
  std::vector<domain::store_write> group;
  for (std::int64_t turn = 0; turn < 600; ++turn)
    group.emplace_back(turn_of({.expected_last = turn,
                                .parent = turn,
                                .depth = 2 * (static_cast<std::uint64_t>(turn) + 1)}));
  store->write(group);
  EXPECT_EQ((*store->load("t", "c"))->path.size(), 600u);
  put(*store, domain::remove_conversation_of{.tenant = "t", .id = "c"});
  EXPECT_EQ(questions(), "-");
  EXPECT_EQ(put(*store, turn_of({.question = "anew"})), store_outcome::committed);
  reopen();
  EXPECT_EQ(questions(), "anew");
  EXPECT_EQ(store->state().conversations, 1u);
  int steps = 0;
  while (store->sweep({}, at(0)))
    ++steps;
  EXPECT_GE(steps, 2);
  EXPECT_EQ(questions(), "anew");
  EXPECT_EQ(peek(path, "SELECT count(*) FROM turns"), 1);
  EXPECT_EQ(peek(path, "SELECT count(*) FROM conversations"), 1);
}

// -- tenants and texts ----------------------------------------------------------------------------

TEST_F(sqlite_store_test, keeps_tenants_apart) {
  put(*store, turn_of({.tenant = "a", .question = "of a"}));
  put(*store, turn_of({.tenant = "b", .question = "of b"}));
  put(*store, turn_of({.tenant = "", .question = "of nobody"}));
  EXPECT_EQ(questions("c", "a"), "of a");
  EXPECT_EQ(questions("c", "b"), "of b");
  EXPECT_EQ(questions("c", ""), "of nobody");
  EXPECT_EQ(questions("c", "A"), "-");
  EXPECT_EQ(store->list({.tenant = "a"})->entries.size(), 1u);
  put(*store, domain::remove_conversation_of{.tenant = "a", .id = "c"});
  EXPECT_EQ(questions("c", "a"), "-");
  EXPECT_EQ(questions("c", "b"), "of b");
  EXPECT_EQ(*store->updated_at("a", "c"), std::nullopt);
  EXPECT_EQ(put(*store, turn_of({.tenant = "a", .expected_last = 1, .parent = 1, .depth = 4})),
            store_outcome::stale)
    << "another tenant's turns are no parents";
}

TEST_F(sqlite_store_test, takes_any_name_and_text) {
  using namespace std::string_literals;
  const std::vector<std::string> names{"'; DROP TABLE turns; --"s,
                                       "a\0b"s,
                                       "a\0c"s,
                                       "a"s,
                                       ""s,
                                       "\xf0\x9f\x98\x80"s,
                                       "\"quoted\""s,
                                       "%_"s,
                                       "\xff\xfe"s,
                                       std::string(4096, 'x'),
                                       "A"s,
                                       "a "s};
  std::int64_t seconds = 1000;
  for (const auto& name : names) {
    auto write = turn_of({.id = name, .tenant = name, .question = "q", .seconds = ++seconds});
    write.turn.request_id = name;
    write.turn.model = name;
    write.turn.system_prompt = name;
    write.turn.messages[0] = {domain::role::user, "\0'\"\xf0\x9f\x98\x80"s};
    ASSERT_EQ(put(*store, write), store_outcome::committed) << name;
  }
  reopen();
  for (const auto& name : names) {
    const auto found = store->load(name, name);
    ASSERT_TRUE(found && *found) << name;
    EXPECT_EQ((*found)->system_prompt, name);
    EXPECT_EQ((*found)->model, name);
    EXPECT_EQ(plain_text((*found)->messages.at(0)), "\0'\"\xf0\x9f\x98\x80"s);
    const auto page = store->list({.tenant = name});
    ASSERT_EQ(page->entries.size(), 1u) << name;
    EXPECT_EQ(page->entries[0].id, name);
  }
}

TEST_F(sqlite_store_test, takes_texts_of_ten_megabytes) {
  auto write = turn_of({});
  const std::string large(10U << 20U, 'x');
  write.turn.messages[0] = {domain::role::user, large};
  write.turn.system_prompt = large;
  ASSERT_EQ(put(*store, write), store_outcome::committed);
  reopen();
  EXPECT_EQ(plain_text((*store->load("t", "c"))->messages.at(0)), large);
  EXPECT_EQ((*store->load("t", "c"))->system_prompt, large);
}

} // namespace
} // namespace ccapi::store
