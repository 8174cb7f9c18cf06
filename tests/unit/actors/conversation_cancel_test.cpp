// Conversations whose clients leave: what becomes of the turn, the process and the dialogue.

#include "gateway_rig.hpp"

namespace ccapi::actors::test {
namespace {

class conversation_cancel : public gateway_rig {
protected:
  /// One whole turn, then a second one whose client leaves in mid-answer; a third one waits.
  void leave_in_mid_turn() {
    start();
    submit(first, "c", "one");
    first_turn(0, "one", "1");
    const auto turn = submit(second, "c", "two");
    EXPECT_EQ(cli(0).take_user(), "two");
    say(0, cli_lines::message_start() + cli_lines::text("half"));
    cancel(turn);
    EXPECT_TRUE(second.sink.expired());
    submit(third, "c", "three");
    cli(0).take_control("interrupt");
    say(0, cli_lines::interrupted_result());
    EXPECT_EQ(figures().processes_busy, 1U) << "the turn is taken back first";
  }

  client first;
  client second;
  client third;
};

TEST_F(conversation_cancel, turn_cancelled_in_the_queue_never_reaches_the_process) {
  start();
  submit(first, "c", "one");
  const auto turn = submit(second, "c", "two");
  submit(third, "c", "three");
  cancel(turn);
  EXPECT_TRUE(second.sink.expired());
  first_turn(0, "one", "1");
  next_turn(0, "three", "3");
  EXPECT_EQ(second.events, 0U);
  EXPECT_EQ(figures().turns_cancelled, 1U);
}

TEST_F(conversation_cancel, client_that_leaves_in_mid_answer_costs_neither_dialogue_nor_process) {
  leave_in_mid_turn();
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  EXPECT_EQ(children.size(), 1U);
  next_turn(0, "three", "3");
  EXPECT_EQ(third.text, "3");
  const auto& record = *shard().conversations.records().front();
  ASSERT_EQ(record.interrupted.size(), 1U);
  EXPECT_EQ(record.interrupted.front().position, 2U);
  EXPECT_EQ(domain::plain_text(record.interrupted.front().query), "two");
  EXPECT_EQ(domain::plain_text(record.interrupted.front().said), "half");
}

TEST_F(conversation_cancel, interrupted_history_that_can_not_be_taken_back_costs_the_process) {
  leave_in_mid_turn();
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation"), false));
  ASSERT_EQ(children.size(), 2U) << "its history is not exact";
  boot_with_history(1, "one", "1");
  next_turn(1, "three", "3");
  EXPECT_EQ(third.text, "3");
}

TEST_F(conversation_cancel, branch_that_is_cancelled_can_be_tried_again) {
  start();
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  auto branch = request("c", "other");
  branch.messages = {
    {domain::role::user, "zero"}, {domain::role::assistant, "0"}, {domain::role::user, "other"}};
  const auto turn = submit(second, std::move(branch));
  ASSERT_EQ(children.size(), 2U);
  cli(1).boot();
  world.pump();
  cli(1).take_user(true);
  say(1, cli_lines::result());
  cli(1).take_assistant();
  cli(1).take_user();
  cancel(turn);
  cli(1).take_control("interrupt");
  say(1, cli_lines::interrupted_result());
  say(1, cli_lines::rewound(cli(1).take_control("rewind_conversation")));
  branch = request("c", "again");
  branch.messages = {
    {domain::role::user, "zero"}, {domain::role::assistant, "0"}, {domain::role::user, "again"}};
  submit(third, std::move(branch));
  next_turn(1, "again", "2");
  EXPECT_EQ(third.text, "2");
}

TEST_F(conversation_cancel, only_the_last_interrupted_turns_are_kept) {
  start();
  for (int n = 0; n < 6; ++n) {
    client asker;
    const auto turn = submit(asker, "c", "q" + std::to_string(n));
    cancel(turn);
    reap_ended();
  }
  const auto& turns = shard().conversations.records().front()->interrupted;
  EXPECT_LE(turns.size(), 4U);
}

TEST_F(conversation_cancel, cancel_and_acknowledge_behind_the_end_are_harmless) {
  start();
  client asker;
  const auto turn = submit(asker, "c", "q");
  first_turn(0, "q", "a");
  cancel(turn);
  cancel(12345);
  gateway().acknowledge(turn, 100);
  world.pump();
  EXPECT_EQ(figures().turns_cancelled, 0U);
}

TEST_F(conversation_cancel, turn_cancelled_before_it_began_frees_everything) {
  start();
  client asker;
  const auto made = gateway().submit(request("c", "q"), asker.make_sink());
  gateway().cancel(made);
  EXPECT_EQ(asker.events, 0U);
  world.pump();
  EXPECT_TRUE(asker.sink.expired());
}

} // namespace
} // namespace ccapi::actors::test
