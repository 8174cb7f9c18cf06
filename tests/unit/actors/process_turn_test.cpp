// claude_process: turns that go as they should.

#include "process_rig.hpp"

namespace ccapi::actors::test {
namespace {

class process_turn : public process_rig {};

TEST_F(process_turn, runs_a_first_turn_without_needless_preparation) {
  client asker;
  start();
  order(asker, "hello");
  EXPECT_EQ(claims, 1U);
  cli.boot();
  EXPECT_TRUE(cli.silent()) << "nothing is sent before the process has booted";
  world.pump();
  EXPECT_EQ(cli.take_user(), "hello");
  EXPECT_TRUE(cli.silent());

  say(cli_lines::answer("hi"));
  EXPECT_EQ(asker.text, "hi");
  EXPECT_EQ(asker.model, "claude-test");
  ASSERT_TRUE(asker.finished);
  EXPECT_EQ(asker.finished->usage.output_tokens, 5);
  EXPECT_GE(asker.flushes, 1U);
  const auto end = only_end();
  EXPECT_EQ(end.outcome, turn_outcome::finished);
  EXPECT_EQ(domain::plain_text(end.answer), "hi");
  EXPECT_TRUE(end.reusable);
  EXPECT_TRUE(asker.sink.expired()) << "a turn that is over must not hold its client";
}

TEST_F(process_turn, sets_the_system_prompt_before_the_first_user_line) {
  client asker;
  start_booted();
  order(asker, "hello", {}, "be brief");
  const auto line = cli.next_line();
  EXPECT_EQ(field(line, "subtype"), "initialize");
  EXPECT_NE(line.find("be brief"), std::string::npos);
  EXPECT_TRUE(cli.silent()) << "the user line waits for the acknowledgement";
  EXPECT_EQ(asker.asked, 0U) << "a client's status is open until the question is sent";
  say(cli_lines::accepted(field(line, "request_id")));
  EXPECT_EQ(cli.take_user(), "hello");
  EXPECT_EQ(asker.asked, 1U);
  EXPECT_GE(asker.flushes, 1U) << "and counts time from then on";
  say(cli_lines::answer("ok"));

  client again;
  order(again, "next", {}, "be brief");
  EXPECT_EQ(cli.take_user(), "next") << "the prompt is set once";
}

TEST_F(process_turn, sends_settings_only_when_they_change) {
  domain::turn_settings warm;
  warm.temperature = 0.5;
  client first;
  client second;
  client third;
  start_booted();

  order(first, "one", {}, {}, warm);
  say(cli_lines::accepted(cli.take_control("apply_flag_settings")));
  EXPECT_EQ(cli.take_user(), "one");
  say(cli_lines::answer("1"));

  order(second, "two", {}, {}, warm);
  EXPECT_EQ(cli.take_user(), "two");
  say(cli_lines::answer("2"));

  order(third, "three");
  const auto line = cli.next_line();
  EXPECT_EQ(field(line, "subtype"), "apply_flag_settings");
  EXPECT_EQ(line.find("temperature"), std::string::npos) << "back to the defaults";
  say(cli_lines::accepted(field(line, "request_id")));
  EXPECT_EQ(cli.take_user(), "three");
}

TEST_F(process_turn, hands_over_history_in_order_and_waits_for_each_user_line) {
  client asker;
  start_booted();
  order(asker, "q", {asked("a"), answered("b"), asked("c"), answered("d")});
  EXPECT_EQ(cli.take_user(true), "a");
  EXPECT_TRUE(cli.silent());
  say(cli_lines::result());
  EXPECT_EQ(cli.take_assistant(), "b");
  EXPECT_EQ(cli.take_user(true), "c");
  EXPECT_TRUE(cli.silent());
  say(cli_lines::result());
  EXPECT_EQ(cli.take_assistant(), "d");
  EXPECT_EQ(cli.take_user(), "q");
  say(cli_lines::answer("z"));
  EXPECT_EQ(asker.text, "z");
  EXPECT_TRUE(asker.finished);
}

TEST_F(process_turn, skips_history_that_the_cli_would_drop) {
  client asker;
  start_booted();
  order(asker, "q", {asked("a"), answered("")});
  EXPECT_EQ(cli.take_user(true), "a");
  say(cli_lines::result());
  EXPECT_EQ(cli.take_user(), "q");
}

TEST_F(process_turn, gives_a_second_turn_back_while_one_runs) {
  client first;
  client second;
  start_booted();
  order(first, "one");
  cli.take_user();
  const auto refused = order(second, "two");
  EXPECT_TRUE(cli.silent()) << "one user line in flight";
  EXPECT_EQ(only_end().turn, refused);
  EXPECT_EQ(only_end().outcome, turn_outcome::not_started);
  EXPECT_EQ(second.events, 0U) << "a turn that is given back says nothing to its client";
  say(cli_lines::answer("1"));
  EXPECT_TRUE(first.finished);
}

TEST_F(process_turn, stops_reading_when_the_credit_is_used_up) {
  settings.limits.stream_buffer_bytes = 4000;
  const std::string delta(1000, 'x');
  client asker;
  start_booted();
  const auto turn = order(asker, "q");
  cli.take_user();
  std::string lines = cli_lines::message_start();
  for (int i = 0; i < 200; ++i)
    lines += cli_lines::text(delta);
  lines += cli_lines::message_delta() + cli_lines::result();

  auto left = std::string_view{lines};
  const auto feed = [&] {
    left.remove_prefix(cli.say(left));
    world.pump();
  };
  for (int i = 0; i < 10; ++i)
    feed();
  EXPECT_EQ(asker.text.size(), 4000U);
  EXPECT_GT(cli.unread_output(), 0U);
  EXPECT_FALSE(left.empty()) << "the pipe is full, so the CLI has to wait";

  grant(turn, 1000);
  EXPECT_EQ(asker.text.size(), 5000U) << "as much as was granted, no more";
  for (std::size_t granted = 1000; !asker.over() && granted < 400'000; granted += 2000) {
    grant(turn, 2000);
    feed();
  }
  EXPECT_TRUE(asker.finished);
  EXPECT_EQ(asker.text.size(), 200'000U) << "nothing is lost";
  EXPECT_EQ(domain::plain_text(only_end().answer).size(), 200'000U);
}

TEST_F(process_turn, starts_each_turn_with_its_full_credit) {
  settings.limits.stream_buffer_bytes = 10;
  client first;
  client second;
  start_booted();
  order(first, "one");
  cli.take_user();
  say(cli_lines::message_start() + cli_lines::text("12345678") + cli_lines::message_delta()
      + cli_lines::result());
  EXPECT_TRUE(first.finished);
  order(second, "two");
  cli.take_user();
  say(cli_lines::message_start() + cli_lines::text("12345678") + cli_lines::message_delta()
      + cli_lines::result());
  EXPECT_TRUE(second.finished);
}

TEST_F(process_turn, takes_a_query_larger_than_the_pipe_without_blocking) {
  client asker;
  start_booted();
  const std::string query(3'000'000, 'q');
  order(asker, query, {asked("a"), answered(std::string(500'000, 'h'))});
  EXPECT_EQ(cli.take_user(true), "a");
  say(cli_lines::result());
  std::string line;
  for (int i = 0; i < 1000 && line.empty(); ++i) {
    line = cli.next_line();
    world.pump();
  }
  EXPECT_EQ(field(line, "text").size(), 500'000U);
  line.clear();
  for (int i = 0; i < 1000 && line.empty(); ++i) {
    line = cli.next_line();
    world.pump();
  }
  EXPECT_EQ(field(line, "text"), query);
  say(cli_lines::answer("read"));
  EXPECT_TRUE(asker.finished);
}

TEST_F(process_turn, denies_what_the_cli_asks_for) {
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say(R"({"type":"control_request","request_id":"r1","request":{"subtype":"can_use_tool",)"
      R"("tool_name":"Bash"}})"
      "\n");
  const auto line = cli.next_line();
  EXPECT_EQ(field(line, "type"), "control_response");
  EXPECT_EQ(field(line, "request_id"), "r1");
  EXPECT_EQ(field(line, "behavior"), "deny");
  say(cli_lines::answer("fine"));
  EXPECT_TRUE(asker.finished);
}

TEST_F(process_turn, cuts_an_answer_at_its_token_limit) {
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say(cli_lines::message_start() + cli_lines::text("half")
      + cli_lines::message_delta("max_tokens"));
  EXPECT_EQ(asker.text, "half");
  EXPECT_TRUE(ends.empty()) << "the process still talks";
  cli.take_control("interrupt");
  say(cli_lines::message_start() + cli_lines::text("more") + cli_lines::interrupted_result());
  EXPECT_FALSE(asker.over()) << "if it goes on at once it must find its conversation at rest";
  say(cli_lines::rewound(cli.take_control("rewind_conversation")));
  ASSERT_TRUE(asker.finished);
  EXPECT_EQ(asker.finished->reason, domain::finish_reason::length);
  EXPECT_EQ(asker.text, "half");
  EXPECT_EQ(only_end().outcome, turn_outcome::finished);
  EXPECT_EQ(domain::plain_text(only_end().answer), "half");
  EXPECT_TRUE(only_end().reusable);
  EXPECT_TRUE(only_end().rewound);
  EXPECT_EQ(only_end().rewindable, 0U);
}

TEST_F(process_turn, cut_answer_ends_in_time_though_the_process_does_not_stop) {
  settings.claude.interrupt_timeout = std::chrono::milliseconds{30};
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say(cli_lines::message_start() + cli_lines::text("half")
      + cli_lines::message_delta("max_tokens"));
  ASSERT_TRUE(world.pump_until([&] { return asker.over(); }));
  EXPECT_TRUE(asker.finished);
  EXPECT_EQ(asker.text, "half");
  EXPECT_FALSE(only_end().reusable);
}

TEST_F(process_turn, ends_the_process_after_each_turn_if_told_so) {
  settings.claude.use_interactive_sessions = false;
  start_booted();
  run_turn_to_end("q", "a");
  EXPECT_FALSE(only_end().reusable);
  EXPECT_TRUE(cli.input_closed());
}

} // namespace
} // namespace ccapi::actors::test
