#include "keeping_rig.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Conversations that outlive the gateway: what is kept when, and what becomes of it afterwards.

namespace ccapi::actors::test {

TEST_F(keeping, turn_ends_only_once_it_is_kept) {
  start();
  client alice;
  submit(alice, "a", "hello");
  children.at(0).cli.boot();
  world.pump();
  EXPECT_EQ(cli(0).take_user(), "hello");
  // All but CAF's scheduler, on which the store runs here: the last word waits for its answer.
  ASSERT_GT(cli(0).say(cli_lines::answer("hi")), 0U);
  while (world.pump_loop(0)) {
  }
  EXPECT_EQ(alice.text, "hi") << "deltas do not wait";
  EXPECT_FALSE(alice.over());
  world.pump();
  ASSERT_TRUE(alice.finished);
  EXPECT_FALSE(alice.finished->unstored);
  const auto& conversation = kept("a");
  EXPECT_TRUE(conversation.about.named);
  EXPECT_EQ(conversation.about.info.message_count, 2U);
  EXPECT_EQ(conversation.about.info.turn_count, 1U);
  ASSERT_EQ(conversation.turns.size(), 1U);
  EXPECT_EQ(domain::plain_text(conversation.turns.at(1).messages.back()), "hi");
}

TEST_F(keeping, named_conversation_goes_on_after_a_restart) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  client second;
  turn(second, "a", 0, "two", "2");
  restart();
  client third;
  turn_with_history(third, "a", {{"one", "1"}, {"two", "2"}}, "three", "3");
  EXPECT_EQ(third.placed->outcome, domain::match_outcome::seeded);
  EXPECT_EQ(kept("a").turns.size(), 3U);
  EXPECT_EQ(kept("a").about.info.message_count, 6U);
  EXPECT_EQ(kept("a").about.info.turn_count, 3U);
  client fourth;
  turn(fourth, "a", 0, "four", "4");
  EXPECT_EQ(store->loads, 2U) << "once for each start, not for each turn";
}

TEST_F(keeping, id_that_was_told_works_after_a_restart) {
  start();
  client first;
  auto order = request("", "one");
  order.conversation_id.reset();
  submit(first, order);
  first_turn(0, "one", "1");
  ASSERT_TRUE(first.finished);
  ASSERT_EQ(store->kept.size(), 1U) << "behind the answer";
  EXPECT_FALSE(store->kept.begin()->second.about.named);
  restart();
  client second;
  turn_with_history(second, first.conversation, {{"one", "1"}}, "two", "2");
  EXPECT_EQ(second.conversation, first.conversation);
  EXPECT_TRUE(kept(first.conversation).about.named);
  EXPECT_EQ(kept(first.conversation).turns.size(), 2U);
}

TEST_F(keeping, id_that_was_told_is_used_without_a_restart) {
  start();
  client first;
  auto order = request("", "one");
  order.conversation_id.reset();
  submit(first, order);
  first_turn(0, "one", "1");
  client second;
  turn(second, first.conversation, 0, "two", "2");
  EXPECT_EQ(second.placed->outcome, domain::match_outcome::continued);
  EXPECT_EQ(kept(first.conversation).turns.size(), 2U);
  EXPECT_TRUE(kept(first.conversation).about.named);
}

TEST_F(keeping, dialogue_that_comes_back_whole_is_not_kept) {
  start();
  client first;
  auto order = request("", "one");
  order.conversation_id.reset();
  submit(first, order);
  first_turn(0, "one", "1");
  EXPECT_EQ(store->kept.size(), 1U);
  client second;
  order.messages = {{domain::role::user, std::string{"one"}},
                    {domain::role::assistant, std::string{"1"}},
                    {domain::role::user, std::string{"two"}}};
  submit(second, order);
  next_turn(0, "two", "2");
  ASSERT_TRUE(second.finished);
  EXPECT_TRUE(store->kept.empty());
}

TEST_F(keeping, unknown_id_of_our_own_is_not_found_and_a_name_begins) {
  start();
  client stranger;
  submit(stranger, "conv_0123456789abcdef0123456789abcdef", "hello?");
  EXPECT_EQ(stranger.failure(), domain::error_code::not_found);
  EXPECT_EQ(stranger.failed->param, "conversation_id");
  EXPECT_TRUE(children.empty());
  client alice;
  turn_with_history(alice, "alices-own", {}, "hello", "hi");
}

TEST_F(keeping, store_that_fails_keeps_no_answer_back_and_catches_up) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  store->fails = true;
  client second;
  turn(second, "a", 0, "two", "2");
  EXPECT_TRUE(second.finished->unstored);
  EXPECT_EQ(gateway().current_health().state, domain::health_state::degraded);
  EXPECT_EQ(gateway().current_health().reason, "the disk is full");
  EXPECT_EQ(figures().turns_unstored, 1U);
  store->fails = false;
  client third;
  turn(third, "a", 0, "three", "3");
  EXPECT_FALSE(third.finished->unstored);
  EXPECT_EQ(gateway().current_health().state, domain::health_state::ok);
  ASSERT_EQ(kept("a").turns.size(), 2U);
  EXPECT_EQ(kept("a").turns.at(2).messages.size(), 4U) << "what was missed comes along";
  restart();
  client fourth;
  turn_with_history(fourth, "a", {{"one", "1"}, {"two", "2"}, {"three", "3"}}, "four", "4");
}

TEST_F(keeping, what_cannot_be_read_is_not_answered_as_if_it_were_new) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  restart();
  store->fails = true;
  client second;
  submit(second, "a", "two");
  EXPECT_EQ(second.failure(), domain::error_code::store_unavailable);
  // Whoever brings the dialogue himself needs no store.
  client third;
  auto whole = request("a", "two");
  whole.messages = {{domain::role::user, std::string{"one"}},
                    {domain::role::assistant, std::string{"1"}},
                    {domain::role::user, std::string{"two"}}};
  submit(third, whole);
  boot_with_history(0, "one", "1");
  next_turn(0, "two", "2");
  ASSERT_TRUE(third.finished);
  EXPECT_TRUE(third.finished->unstored);
  store->fails = false;
  client fourth;
  turn(fourth, "a", 0, "three", "3");
  EXPECT_FALSE(fourth.finished->unstored);
  EXPECT_EQ(kept("a").about.info.message_count, 6U);
}

TEST_F(keeping, other_dialogue_under_the_same_id_is_a_branch) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  client second;
  turn(second, "a", 0, "two", "2");
  client edited;
  auto whole = request("a", "two!");
  whole.messages = {{domain::role::user, std::string{"one"}},
                    {domain::role::assistant, std::string{"1"}},
                    {domain::role::user, std::string{"two!"}}};
  submit(edited, whole);
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  next_turn(0, "two!", "2!");
  ASSERT_TRUE(edited.finished);
  ASSERT_EQ(kept("a").turns.size(), 3U) << "what was said before stays in the record";
  EXPECT_EQ(kept("a").turns.at(3).parent, 1);
  EXPECT_EQ(kept("a").turns.at(3).messages.size(), 2U);
  EXPECT_EQ(kept("a").about.head, 3);
  restart();
  client third;
  turn_with_history(third, "a", {{"one", "1"}, {"two!", "2!"}}, "three", "3");
}

TEST_F(keeping, same_answer_again_is_a_turn_of_its_own) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  client second;
  turn(second, "a", 0, "two", "2");
  client again;
  auto whole = request("a", "two");
  whole.messages = {{domain::role::user, std::string{"one"}},
                    {domain::role::assistant, std::string{"1"}},
                    {domain::role::user, std::string{"two"}}};
  submit(again, whole);
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  next_turn(0, "two", "2");
  ASSERT_TRUE(again.finished);
  ASSERT_EQ(kept("a").turns.size(), 3U);
  EXPECT_EQ(kept("a").turns.at(3).parent, 1);
  EXPECT_EQ(kept("a").turns.at(3).messages.size(), 2U);
}

TEST_F(keeping, branch_that_could_not_be_kept_comes_along_later) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  client second;
  turn(second, "a", 0, "two", "2");
  store->fails = true;
  client branched;
  auto whole = request("a", "TWO");
  whole.messages = {{domain::role::user, std::string{"one"}},
                    {domain::role::assistant, std::string{"1"}},
                    {domain::role::user, std::string{"TWO"}}};
  submit(branched, whole);
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  next_turn(0, "TWO", "2!");
  ASSERT_TRUE(branched.finished);
  EXPECT_TRUE(branched.finished->unstored);
  store->fails = false;
  client third;
  turn(third, "a", 0, "three", "3");
  EXPECT_FALSE(third.finished->unstored);
  restart();
  client fourth;
  turn_with_history(fourth, "a", {{"one", "1"}, {"TWO", "2!"}, {"three", "3"}}, "four", "4");
}

TEST_F(keeping, several_questions_are_no_dialogue) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  restart();
  store->fails = true;
  client second;
  auto asked = request("a", "two");
  asked.messages.insert(asked.messages.begin(), {domain::role::user, std::string{"and"}});
  submit(second, asked);
  EXPECT_EQ(second.failure(), domain::error_code::store_unavailable);
}

TEST_F(keeping, labels_that_were_set_while_it_was_away_stay) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  restart();
  // Its dialogue is under way from the store when the labels come.
  client second;
  gateway().submit(request("a", "two"), second.make_sink());
  while (world.pump_loop(1)) {
  }
  std::optional<domain::result<domain::conversation_info>> labelled;
  gateway().label_conversation({"", "a"}, {{"k", "v"}}, [&](auto info) { labelled = info; });
  world.pump();
  ASSERT_TRUE(labelled && *labelled);
  EXPECT_EQ((*labelled)->turn_count, 1U);
  boot_with_history(0, "one", "1");
  next_turn(0, "two", "2");
  EXPECT_EQ(kept("a").about.info.labels, (domain::conversation_labels{{"k", "v"}}));
  EXPECT_EQ(kept("a").about.info.turn_count, 2U);
}

TEST_F(keeping, interrupted_turn_is_kept_aside) {
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  client gone;
  const auto turn_id = submit(gone, "a", "two");
  EXPECT_EQ(cli(0).take_user(), "two");
  say(0, cli_lines::message_start() + cli_lines::text("par"));
  cancel(turn_id);
  cli(0).take_control("interrupt");
  say(0, cli_lines::interrupted_result());
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  ASSERT_EQ(kept("a").turns.size(), 2U);
  EXPECT_EQ(kept("a").turns.at(2).state, domain::stored_state::interrupted);
  EXPECT_EQ(kept("a").about.head, 1);
  restart();
  client second;
  turn_with_history(second, "a", {{"one", "1"}}, "again", "2");
  EXPECT_EQ(kept("a").turns.at(3).parent, 1);
}

TEST_F(keeping, one_without_a_process_takes_no_memory) {
  settings.conversation.session_timeout = std::chrono::minutes{1};
  start();
  client first;
  turn_with_history(first, "a", {}, "one", "1");
  EXPECT_EQ(shard().conversations.size(), 1U);
  world.advance(std::chrono::minutes{2});
  reap_ended();
  EXPECT_EQ(shard().conversations.size(), 0U);
  EXPECT_EQ(shard().conversations.bytes(), 0U);
  client second;
  turn_with_history(second, "a", {{"one", "1"}}, "two", "2");
}

TEST_F(keeping, writes_that_come_together_share_a_transaction) {
  start();
  std::vector<std::unique_ptr<client>> clients;
  for (std::size_t which = 0; which < 4; ++which) {
    clients.push_back(std::make_unique<client>());
    submit(*clients.back(), "c" + std::to_string(which), "hello");
    cli(which).boot();
    world.pump();
    EXPECT_EQ(cli(which).take_user(), "hello");
  }
  for (std::size_t which = 0; which < 4; ++which)
    ASSERT_GT(cli(which).say(cli_lines::answer("hi")), 0U);
  while (world.pump_loop(0)) {
  }
  world.pump();
  EXPECT_EQ(store->group_sizes, std::vector<std::size_t>{4});
  for (const auto& each : clients)
    EXPECT_TRUE(each->finished);
}

} // namespace ccapi::actors::test
