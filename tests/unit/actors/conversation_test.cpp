// Conversations as a client meets them: order, continuation, queues, cancellation.

#include "gateway_rig.hpp"

#include <boost/asio/post.hpp>

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

class conversation_turns : public gateway_rig {};

TEST_F(conversation_turns, second_turn_sends_only_the_new_message_to_the_same_process) {
  start();
  client first;
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  EXPECT_EQ(first.text, "1");
  EXPECT_TRUE(first.finished);

  client second;
  submit(second, "c", "two");
  EXPECT_EQ(children.size(), 1U);
  next_turn(0, "two", "2");
  EXPECT_EQ(second.text, "2");

  client third; // resends the whole dialogue
  auto whole = request("c", "three");
  whole.messages = {{domain::role::user, "one"},
                    {domain::role::assistant, "1"},
                    {domain::role::user, "two"},
                    {domain::role::assistant, "2"},
                    {domain::role::user, "three"}};
  submit(third, std::move(whole));
  EXPECT_EQ(children.size(), 1U);
  next_turn(0, "three", "3");
  EXPECT_EQ(third.text, "3");
}

TEST_F(conversation_turns, turns_of_one_conversation_run_one_after_the_other) {
  start();
  client first;
  client second;
  client third;
  submit(first, "c", "one");
  submit(second, "c", "two");
  submit(third, "c", "three");
  EXPECT_EQ(children.size(), 1U);
  EXPECT_EQ(figures().turns_active, 3U);
  EXPECT_EQ(figures().processes_busy, 1U);
  first_turn(0, "one", "1");
  EXPECT_TRUE(first.finished);
  EXPECT_FALSE(second.over());
  next_turn(0, "two", "2");
  next_turn(0, "three", "3");
  EXPECT_EQ(third.text, "3");
  EXPECT_EQ(figures().processes_busy, 0U);
  EXPECT_EQ(figures().turns_finished, 3U);
}

TEST_F(conversation_turns, conversations_run_side_by_side) {
  start();
  client one;
  client other;
  submit(one, "a", "qa");
  submit(other, "b", "qb");
  ASSERT_EQ(children.size(), 2U);
  first_turn(1, "qb", "b");
  EXPECT_TRUE(other.finished);
  EXPECT_FALSE(one.over());
  first_turn(0, "qa", "a");
  EXPECT_EQ(one.text, "a");
}

TEST_F(conversation_turns, full_queue_refuses_the_newcomer_only) {
  settings.conversation.queue_max = 1;
  start();
  client first;
  client second;
  client third;
  submit(first, "c", "one");
  submit(second, "c", "two");
  submit(third, "c", "three");
  EXPECT_EQ(third.failure(), error_code::server_busy);
  first_turn(0, "one", "1");
  next_turn(0, "two", "2");
  EXPECT_EQ(second.text, "2");
}

TEST_F(conversation_turns, queue_of_length_zero_still_serves_one_at_a_time) {
  settings.conversation.queue_max = 0;
  start();
  client first;
  client second;
  submit(first, "c", "one");
  submit(second, "c", "two");
  EXPECT_EQ(second.failure(), error_code::server_busy);
  first_turn(0, "one", "1");
  EXPECT_EQ(first.text, "1");
}

TEST_F(conversation_turns, changed_earlier_message_is_a_branch_on_a_fresh_process) {
  start();
  client first;
  client second;
  client third;
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  auto edited = request("c", "two");
  edited.messages = {
    {domain::role::user, "ONE"}, {domain::role::assistant, "1"}, {domain::role::user, "two"}};
  submit(second, std::move(edited));
  EXPECT_TRUE(cli(0).input_closed()) << "the old branch's process has no use any more";
  ASSERT_EQ(children.size(), 2U);
  cli(1).boot();
  world.pump();
  EXPECT_EQ(cli(1).take_user(true), "ONE");
  say(1, cli_lines::result());
  EXPECT_EQ(cli(1).take_assistant(), "1");
  next_turn(1, "two", "2");
  submit(third, "c", "three");
  next_turn(1, "three", "3");
  EXPECT_EQ(third.text, "3");
}

TEST_F(conversation_turns, other_model_means_another_process_with_the_same_dialogue) {
  start();
  client first;
  client second;
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  auto other = request("c", "two");
  other.model = "opus";
  submit(second, std::move(other));
  ASSERT_EQ(children.size(), 2U);
  EXPECT_EQ(children[1].model, "opus");
  cli(1).boot();
  world.pump();
  EXPECT_EQ(cli(1).take_user(true), "one");
}

TEST_F(conversation_turns, failed_turn_leaves_no_trace_in_the_dialogue) {
  start();
  client first;
  client second;
  submit(first, "c", "one");
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  say(0, cli_lines::error_result(529, "overloaded"));
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  EXPECT_EQ(first.failure(), error_code::overloaded);
  submit(second, "c", "two");
  next_turn(0, "two", "2");
  EXPECT_EQ(second.text, "2");
  EXPECT_EQ(figures().turns_failed, 1U);
}

TEST_F(conversation_turns, process_that_dies_while_idle_is_replaced_with_the_dialogue) {
  start();
  client first;
  client second;
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  reap(0);
  EXPECT_EQ(figures().processes_live, 0U);
  submit(second, "c", "two");
  ASSERT_EQ(children.size(), 2U);
  boot_with_history(1, "one", "1");
  next_turn(1, "two", "2");
  EXPECT_EQ(second.text, "2");
}

TEST_F(conversation_turns, turn_that_crosses_the_end_of_an_idle_process_runs_on_another) {
  start();
  client first;
  client second;
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  children[0].reaped = true; // heard before the end of its pipe
  children[0].on_exited(children[0].id, {});
  world.pump();
  // In one go: the turn comes in, and then the end of the pipe.
  boost::asio::post(shard().home.loop(),
                    [&] { gateway().submit(request("c", "two"), second.make_sink()); });
  cli(0).die();
  world.pump();
  ASSERT_EQ(children.size(), 2U) << "the turn is stuck";
  boot_with_history(1, "one", "1");
  next_turn(1, "two", "2");
  EXPECT_EQ(second.text, "2");
}

TEST_F(conversation_turns, idle_conversation_gives_its_process_up_and_keeps_its_dialogue) {
  settings.conversation.session_timeout = 60s;
  start();
  client first;
  client second;
  client third;
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  EXPECT_EQ(live_conversations(), 0U) << "only one with a turn is an actor";
  world.advance(59s);
  EXPECT_FALSE(cli(0).input_closed());
  submit(second, "c", "two");
  EXPECT_EQ(live_conversations(), 1U);
  next_turn(0, "two", "2");
  world.advance(59s);
  EXPECT_FALSE(cli(0).input_closed()) << "its time starts anew with each turn";
  world.advance(2s);
  EXPECT_TRUE(cli(0).input_closed());
  EXPECT_EQ(live_conversations(), 0U);
  EXPECT_EQ(figures().conversations, 1U);
  submit(third, "c", "three");
  ASSERT_EQ(children.size(), 2U);
  cli(1).boot();
  world.pump();
  EXPECT_EQ(cli(1).take_user(true), "one");
}

TEST_F(conversation_turns, shorter_idle_time_holds_for_who_rests_already) {
  settings.conversation.session_timeout = 3600s;
  start();
  client first;
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  world.advance(5s);
  settings.conversation.session_timeout = 60s;
  reconfigure();
  world.advance(54s);
  EXPECT_FALSE(cli(0).input_closed());
  world.advance(2s);
  EXPECT_TRUE(cli(0).input_closed());
}

TEST_F(conversation_turns, turn_longer_than_the_idle_time_is_left_alone) {
  settings.conversation.session_timeout = 60s;
  start();
  client first;
  client second;
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  submit(second, "c", "two");
  world.advance(300s);
  next_turn(0, "two", "2");
  EXPECT_EQ(second.text, "2");
}

TEST_F(conversation_turns, busy_named_conversation_can_refuse) {
  settings.conversation.busy = config::busy_policy::reject;
  start();
  client one;
  client two;
  submit(one, "mine", "a");
  submit(two, "mine", "b");
  EXPECT_EQ(two.failure(), error_code::conversation_busy);
  first_turn(0, "a", "x");
  EXPECT_EQ(one.text, "x");
}

TEST_F(conversation_turns, turn_whose_client_has_left_is_no_reason_to_refuse) {
  settings.conversation.busy = config::busy_policy::reject;
  start();
  client one;
  submit(one, "mine", "a");
  first_turn(0, "a", "x");
  client gone;
  const auto turn = submit(gone, "mine", "b");
  EXPECT_EQ(cli(0).take_user(), "b");
  cancel(turn);
  client next;
  submit(next, "mine", "c");
  client too_many;
  submit(too_many, "mine", "d");
  EXPECT_EQ(too_many.failure(), error_code::conversation_busy);
  say(0, cli_lines::accepted(cli(0).take_control("interrupt")) + cli_lines::interrupted_result());
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation"), true));
  next_turn(0, "c", "z");
  EXPECT_EQ(next.text, "z");
}

TEST_F(conversation_turns, newer_request_replaces_one_that_waits_for_a_process) {
  settings.conversation.busy = config::busy_policy::interrupt;
  settings.claude.max_concurrent_sessions = 1;
  start();
  client other;
  client older;
  client newer;
  submit(other, "a", "q");
  submit(older, "b", "one");
  submit(newer, "b", "two");
  EXPECT_EQ(older.failure(), error_code::conversation_busy);
  EXPECT_FALSE(newer.over());
  EXPECT_EQ(figures().queue_length, 1U);
  first_turn(0, "q", "a");
  reap_ended();
  ASSERT_EQ(children.size(), 2U);
  first_turn(1, "two", "2");
  EXPECT_EQ(newer.text, "2");
}

TEST_F(conversation_turns, refused_login_degrades_health_until_a_turn_succeeds) {
  start();
  client first;
  client second;
  submit(first, "c", "one");
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  say(0, cli_lines::error_result(401, "no"));
  EXPECT_EQ(first.failure(), error_code::upstream_auth);
  EXPECT_EQ(gateway().current_health().state, domain::health_state::degraded);
  submit(second, "c", "two");
  first_turn(1, "two", "2");
  EXPECT_EQ(gateway().current_health().state, domain::health_state::ok);
}

TEST_F(conversation_turns, figures_add_up) {
  settings.retry.attempts = 0;
  start();
  client one;
  client two;
  client three;
  submit(one, "a", "q");
  first_turn(0, "q", "x");
  const auto turn = submit(two, "a", "q2");
  cli(0).take_user();
  cancel(turn);
  cli(0).take_control("interrupt");
  say(0, cli_lines::interrupted_result());
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  submit(three, "b", "q3");
  children[1].cli.die();
  world.pump();
  const auto now = figures();
  EXPECT_EQ(now.turns_submitted, 3U);
  EXPECT_EQ(now.turns_finished, 1U);
  EXPECT_EQ(now.turns_cancelled, 1U);
  EXPECT_EQ(now.turns_failed, 1U);
  EXPECT_EQ(now.turns_active, 0U);
  EXPECT_EQ(now.processes_busy, 0U);
  EXPECT_EQ(now.processes_spawned, 2U);
  EXPECT_EQ(now.completion_tokens, 5);
  EXPECT_EQ(now.prompt_tokens, 3);
}

} // namespace
} // namespace ccapi::actors::test
