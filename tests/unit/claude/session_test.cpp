// session: turns that go as they should, and what they are told before the question.

#include "session_rig.hpp"

namespace ccapi::claude::test {
namespace {

using namespace std::chrono_literals;
using domain::process_state;

class session_turn : public session_rig {};

TEST_F(session_turn, waits_for_the_process_to_be_ready) {
  start_unbooted();
  order("hello");
  EXPECT_TRUE(silent());
  EXPECT_FALSE(core->takes_turns());
  now += 400ms;
  say(cli_lines::version("gateway-1"));
  EXPECT_EQ(take_steps(), std::vector{step::report_boot});
  EXPECT_EQ(take_user(), "hello");
  EXPECT_EQ(count<domain::question_sent>(), 1U);
}

TEST_F(session_turn, tells_how_long_each_part_took) {
  start_unbooted();
  system_prompt = "be brief";
  order("hello");
  now += 400ms;
  say(cli_lines::version("gateway-1"));
  now += 30ms;
  say(cli_lines::accepted(take_control("initialize")));
  now += 2s;
  say(cli_lines::message_start());
  const auto* started = std::get_if<domain::answer_started>(&events.back());
  ASSERT_NE(started, nullptr);
  EXPECT_EQ(started->boot, 400ms);
  EXPECT_EQ(started->setup, 30ms);
  EXPECT_EQ(started->first, 2s);
}

TEST_F(session_turn, sets_the_prompt_once_and_waits_for_it) {
  start();
  system_prompt = "be brief";
  order("one");
  const auto line = next_line();
  EXPECT_EQ(field(line, "subtype"), "initialize");
  EXPECT_NE(line.find("be brief"), std::string::npos);
  EXPECT_TRUE(silent());
  EXPECT_EQ(count<domain::question_sent>(), 0U);
  say(cli_lines::accepted(field(line, "request_id")));
  EXPECT_EQ(take_user(), "one");
  say(cli_lines::answer("1"));
  EXPECT_EQ(take_steps(), std::vector{step::rest});
  run_turn("two");
}

TEST_F(session_turn, sends_settings_only_when_they_change) {
  start();
  turn_settings.temperature = 0.5;
  order("one");
  say(cli_lines::accepted(take_control("apply_flag_settings")));
  EXPECT_EQ(take_user(), "one");
  say(cli_lines::answer("1"));
  take_steps();
  run_turn("two");
  turn_settings = {};
  order("three");
  const auto line = next_line();
  EXPECT_EQ(field(line, "subtype"), "apply_flag_settings");
  EXPECT_EQ(line.find("temperature"), std::string::npos) << "back to the defaults";
}

TEST_F(session_turn, waits_for_each_user_line_of_the_history) {
  start();
  seed = {asked("a"), answered("b"), asked("c"), answered("d")};
  order("q");
  EXPECT_EQ(take_user(true), "a");
  EXPECT_TRUE(silent());
  say(cli_lines::result());
  EXPECT_EQ(take_assistant(), "b");
  EXPECT_EQ(take_user(true), "c");
  EXPECT_TRUE(silent());
  say(cli_lines::result());
  EXPECT_EQ(take_assistant(), "d");
  EXPECT_EQ(take_user(), "q");
}

TEST_F(session_turn, sends_no_more_history_than_the_pipe_takes) {
  start();
  pipe_full = true;
  seed = {answered("a"), answered("b")};
  order("q");
  EXPECT_EQ(take_assistant(), "a");
  EXPECT_TRUE(silent());
  pipe_full = false;
  core->on_input_drained(now);
  collect();
  EXPECT_EQ(take_assistant(), "b");
  EXPECT_EQ(take_user(), "q");
}

TEST_F(session_turn, an_emptied_pipe_means_nothing_while_an_acknowledgement_is_awaited) {
  start();
  seed = {asked("a"), answered("b")};
  order("q");
  EXPECT_EQ(take_user(true), "a");
  core->on_input_drained(now);
  collect();
  EXPECT_TRUE(silent());
}

TEST_F(session_turn, empty_history_is_left_out_and_can_not_be_taken_back) {
  start();
  seed = {asked(""), answered("")};
  order("q");
  EXPECT_EQ(take_user(), "q");
  say(cli_lines::answer("a"));
  EXPECT_EQ(core->rewindable(), 1U);
  EXPECT_FALSE(core->leads_back());
}

TEST_F(session_turn, one_question_leads_back_to_nothing_where_the_version_can) {
  start();
  run_turn("q");
  EXPECT_TRUE(core->leads_back());
  run_turn("r");
  EXPECT_FALSE(core->leads_back());
  start("2.1.197");
  run_turn("q");
  EXPECT_FALSE(core->leads_back());
}

TEST_F(session_turn, takes_one_turn_at_a_time) {
  start();
  order("q");
  EXPECT_FALSE(core->takes_turns());
  take_user();
  say(cli_lines::answer("a"));
  EXPECT_TRUE(core->takes_turns());
  EXPECT_EQ(core->turns(), 1U);
}

TEST_F(session_turn, denies_what_the_cli_asks_for) {
  start();
  order("q");
  take_user();
  say(R"({"type":"control_request","request_id":"r1","request":{"subtype":"can_use_tool",)"
      R"("tool_name":"Bash"}})"
      "\n");
  const auto line = next_line();
  EXPECT_EQ(field(line, "request_id"), "r1");
  EXPECT_EQ(field(line, "behavior"), "deny");
}

TEST_F(session_turn, last_turn_of_a_process_ends_it) {
  settings.process_pool.turns_max = 2;
  start();
  run_turn("one");
  order("two");
  take_user();
  say(cli_lines::answer("2"));
  const auto said = take_steps();
  EXPECT_EQ(said, (std::vector{step::end_turn, step::begin_close}));
}

TEST_F(session_turn, waits_for_the_acknowledgement_of_every_rewind) {
  start();
  run_turn("one");
  run_turn("two");
  rewinds = 2;
  order("other");
  const auto last = take_control("rewind_conversation");
  const auto first = take_control("rewind_conversation");
  say(cli_lines::rewound(last));
  EXPECT_TRUE(silent());
  say(cli_lines::rewound(first));
  EXPECT_EQ(take_user(), "other");
  say(cli_lines::answer("x"));
  EXPECT_EQ(core->rewindable(), 1U);
}

TEST_F(session_turn, refused_rewind_bounces_the_turn) {
  start();
  run_turn("one");
  rewinds = 1;
  order("other");
  say(cli_lines::rewound(take_control("rewind_conversation"), false));
  EXPECT_EQ(take_steps(), (std::vector{step::bounce_turn, step::end_turn, step::begin_close}));
}

TEST_F(session_turn, a_rewind_that_the_process_can_not_do_is_not_asked_for) {
  start("2.1.197");
  run_turn("one");
  rewinds = 1;
  order("other");
  EXPECT_TRUE(silent());
  EXPECT_EQ(take_steps(), (std::vector{step::bounce_turn, step::end_turn, step::begin_close}));
}

class session_primed : public session_rig {
protected:
  session_primed() {
    primed = priming_for("You cook.", version{2, 1, 330});
    EXPECT_TRUE(primed);
    system_prompt = "You cook.";
  }
  /// Of what it was told ahead, all but the message is answered.
  void start_without_result() {
    start_unbooted();
    say(cli_lines::version("gateway-1") + cli_lines::accepted("gateway-2"));
    take_steps();
  }
};

TEST_F(session_primed, message_is_taken_back_and_the_prompt_not_sent_again) {
  start_without_result();
  say(cli_lines::result());
  order("q");
  say(cli_lines::rewound(take_control("rewind_conversation")));
  EXPECT_EQ(take_user(), "q");
  say(cli_lines::answer("ok"));
  EXPECT_EQ(core->rewindable(), 1U) << "the message told ahead does not count";
}

TEST_F(session_primed, message_is_taken_back_only_when_it_was_taken) {
  start_without_result();
  order("q");
  EXPECT_TRUE(silent());
  say(cli_lines::result());
  take_control("rewind_conversation");
}

TEST_F(session_primed, begins_at_once_without_a_message) {
  primed = priming_for("You cook.", version{2, 1, 197});
  start_without_result();
  order("q");
  EXPECT_EQ(take_user(), "q");
}

TEST_F(session_primed, one_that_does_not_forget_bounces_the_turn) {
  start_without_result();
  say(cli_lines::result());
  order("q");
  say(cli_lines::rewound(take_control("rewind_conversation"), false));
  EXPECT_EQ(take_steps(), (std::vector{step::report_spoiled, step::bounce_turn, step::fail_turn,
                                       step::begin_close, step::terminate}));
}

TEST_F(session_primed, one_that_does_not_answer_is_lost_in_time) {
  start_without_result();
  order("q");
  wait(settings.claude.control_timeout - 1ms);
  EXPECT_TRUE(take_steps().empty());
  wait(1ms);
  EXPECT_EQ(code(), domain::error_code::timeout);
  EXPECT_TRUE(core->reason().process_lost);
  EXPECT_EQ(core->state(), process_state::closing);
}

} // namespace
} // namespace ccapi::claude::test
