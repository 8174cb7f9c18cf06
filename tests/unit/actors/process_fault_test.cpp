// claude_process: clients that leave, deadlines, and a CLI that misbehaves.

#include "process_rig.hpp"

#include <functional>

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

/// How far a turn has got.
struct stage_of_turn {
  const char* name;
  /// Brings a fresh process there; its turn has settings, a prompt and history.
  std::function<void(scripted_cli&, stage&)> reach;
};

domain::turn_settings some_settings() {
  domain::turn_settings wish;
  wish.temperature = 0.5;
  return wish;
}

void reach_spawning(scripted_cli&, stage& world) {
  world.pump();
}
void reach_configuring(scripted_cli& cli, stage& world) {
  cli.boot();
  world.pump();
}
void reach_settings(scripted_cli& cli, stage& world) {
  reach_configuring(cli, world);
  cli.say(cli_lines::accepted(cli.take_control("initialize")));
  world.pump();
}
void reach_seeding(scripted_cli& cli, stage& world) {
  reach_settings(cli, world);
  cli.say(cli_lines::accepted(cli.take_control("apply_flag_settings")));
  world.pump();
}
void reach_answering(scripted_cli& cli, stage& world) {
  reach_seeding(cli, world);
  EXPECT_EQ(cli.take_user(true), "a");
  cli.say(cli_lines::result());
  world.pump();
  EXPECT_EQ(cli.take_assistant(), "b");
  EXPECT_EQ(cli.take_user(), "q");
}
void reach_first_delta(scripted_cli& cli, stage& world) {
  reach_answering(cli, world);
  cli.say(cli_lines::message_start() + cli_lines::text("so far"));
  world.pump();
}

class process_fault : public process_rig, public testing::WithParamInterface<stage_of_turn> {
protected:
  domain::turn_id order_full(client& from) {
    start();
    const auto turn = order(from, "q", {asked("a"), answered("b")}, "prompt", some_settings());
    GetParam().reach(cli, world);
    return turn;
  }
  /// What a turn fails with whose process has ended.
  [[nodiscard]] error_code end_code() const {
    return GetParam().name == std::string_view{"spawning"} ? error_code::cli_unavailable
                                                           : error_code::upstream_crash;
  }
  [[nodiscard]] bool answering() const {
    return GetParam().name == std::string_view{"answering"}
           || GetParam().name == std::string_view{"first_delta"};
  }
};

INSTANTIATE_TEST_SUITE_P(at, process_fault,
                         testing::Values(stage_of_turn{"spawning", reach_spawning},
                                         stage_of_turn{"configuring", reach_configuring},
                                         stage_of_turn{"settings", reach_settings},
                                         stage_of_turn{"seeding", reach_seeding},
                                         stage_of_turn{"answering", reach_answering},
                                         stage_of_turn{"first_delta", reach_first_delta}),
                         [](const auto& each) { return std::string{each.param.name}; });

TEST_P(process_fault, client_that_leaves_hears_nothing_more) {
  client asker;
  const auto turn = order_full(asker);
  const auto heard = asker.events;
  cancel(turn);
  EXPECT_TRUE(asker.sink.expired()) << "its sink is released at once";
  if (answering()) {
    EXPECT_TRUE(ends.empty());
    cli.take_control("interrupt");
    say(cli_lines::text("late") + cli_lines::interrupted_result());
    say(cli_lines::rewound(cli.take_control("rewind_conversation"), false));
  }
  EXPECT_EQ(asker.events, heard);
  EXPECT_EQ(only_end().outcome, turn_outcome::cancelled);
  EXPECT_FALSE(only_end().reusable);
  EXPECT_EQ(left_service, 1U);
  EXPECT_TRUE(cli.input_closed());
}

TEST_P(process_fault, deadline_fails_the_turn_once) {
  settings.claude.timeout = 30ms;
  settings.claude.interrupt_timeout = 30ms;
  client asker;
  order_full(asker);
  ASSERT_TRUE(world.pump_until([&] { return asker.over(); }));
  EXPECT_EQ(asker.failure(), error_code::timeout);
  ASSERT_TRUE(world.pump_until([&] { return !ends.empty(); })) << "even if no result ever comes";
  EXPECT_EQ(only_end().outcome, turn_outcome::failed);
  EXPECT_FALSE(only_end().reusable);
  EXPECT_EQ(left_service, 1U);
  EXPECT_TRUE(asker.sink.expired());
}

TEST_P(process_fault, death_ends_the_turn_once) {
  client asker;
  order_full(asker);
  cli.die();
  world.pump();
  expect_lost(asker, end_code());
  tell_exit(1);
  expect_lost(asker, end_code());
}

TEST_P(process_fault, death_reads_the_same_when_the_exit_is_heard_first) {
  client asker;
  order_full(asker);
  tell_exit(1);
  EXPECT_TRUE(ends.empty()) << "its last lines may be in the pipe still";
  cli.die();
  world.pump();
  expect_lost(asker, end_code());
}

TEST_P(process_fault, dead_child_whose_pipe_stays_open_ends_the_turn_in_time) {
  settings.claude.close_grace = 30ms;
  client asker;
  order_full(asker);
  tell_exit(1);
  ASSERT_TRUE(world.pump_until([&] { return !ends.empty(); }));
  expect_lost(asker, end_code());
}

TEST_P(process_fault, the_supervisor_hears_whether_the_process_came_up) {
  client asker;
  order_full(asker);
  const bool up = GetParam().name != std::string_view{"spawning"};
  EXPECT_EQ(boots.size(), up ? 1U : 0U);
  cli.die();
  world.pump();
  tell_exit(1);
  ASSERT_EQ(boots.size(), 1U);
  EXPECT_EQ(boots.front().failure.has_value(), !up);
}

TEST_P(process_fault, client_that_leaves_is_no_failed_start) {
  client asker;
  cancel(order_full(asker));
  cli.die();
  world.pump();
  tell_exit(0);
  for (const auto& boot : boots)
    EXPECT_FALSE(boot.failure);
}

TEST_P(process_fault, end_of_the_gateway_fails_the_turn_once) {
  client asker;
  order_full(asker);
  caf::anon_send(process, close_process{});
  world.pump();
  EXPECT_EQ(asker.failure(), error_code::draining);
  EXPECT_EQ(only_end().outcome, turn_outcome::failed);
  EXPECT_TRUE(cli.input_closed());
}

TEST_P(process_fault, busy_process_is_not_retired_and_tells_when_it_is_idle) {
  client asker;
  order_full(asker);
  EXPECT_FALSE(probe().idle);
  EXPECT_FALSE(retire());
  EXPECT_FALSE(asker.over());
  EXPECT_EQ(idle_notes, 0U);
  if (!answering())
    return;
  say(cli_lines::answer("done"));
  EXPECT_EQ(idle_notes, asker.text == "done" ? 1U : 0U);
}

class process_defect : public process_rig {};

TEST_F(process_defect, no_result_after_an_interrupt_closes_the_process) {
  settings.claude.interrupt_timeout = 30ms;
  client asker;
  start_booted();
  const auto turn = order(asker, "q");
  cli.take_user();
  cancel(turn);
  cli.take_control("interrupt");
  ASSERT_TRUE(world.pump_until([&] { return !ends.empty(); }));
  EXPECT_EQ(only_end().outcome, turn_outcome::cancelled);
  EXPECT_TRUE(cli.input_closed());
}

TEST_F(process_defect, some_garbage_is_counted_and_skipped) {
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say("oops\nwhat\n" + cli_lines::message_start() + "again\n" + cli_lines::text("fine")
      + cli_lines::message_delta() + cli_lines::result("end_turn", "fine"));
  EXPECT_TRUE(asker.finished);
  EXPECT_EQ(asker.text, "fine");
  EXPECT_EQ(shard->totals.cli_lines_malformed, 3U);
}

TEST_F(process_defect, piece_of_an_answer_that_is_unreadable_fails_the_turn) {
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say(cli_lines::message_start() + cli_lines::text("one ") + "{\"type\":\"stream_ev\n"
      + cli_lines::text("three") + cli_lines::message_delta()
      + cli_lines::result("end_turn", "one two three"));
  EXPECT_FALSE(asker.finished);
  EXPECT_EQ(asker.failure(), error_code::upstream_error);
}

TEST_F(process_defect, garbage_without_end_loses_the_process) {
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say("a\nb\nc\nd\n");
  expect_lost(asker, error_code::upstream_crash);
  EXPECT_EQ(left_service, 1U);
}

TEST_F(process_defect, line_beyond_the_limit_loses_the_process) {
  settings.limits.cli_line_bytes_max = 10'000;
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  cli.say(std::string(50'000, 'x'));
  world.pump();
  expect_lost(asker, error_code::upstream_crash);
}

TEST_F(process_defect, lines_before_the_end_of_output_still_count) {
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  cli.say(cli_lines::answer("last words"));
  cli.die();
  world.pump();
  EXPECT_TRUE(asker.finished);
  EXPECT_EQ(asker.text, "last words");
  EXPECT_EQ(ends.size(), 1U);
  EXPECT_EQ(left_service, 1U);
}

TEST_F(process_defect, last_lines_count_even_if_the_exit_is_heard_before_them) {
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  caf::anon_send(process, child_exited{id, {.code = 1, .signal = 0}});
  world.pump();
  cli.say(cli_lines::answer("last words"));
  cli.die();
  world.pump();
  EXPECT_TRUE(asker.finished);
  EXPECT_EQ(asker.text, "last words");
  EXPECT_EQ(left_service, 1U);
}

TEST_F(process_defect, slow_client_of_a_dead_child_still_gets_the_last_lines) {
  settings.limits.stream_buffer_bytes = 4;
  settings.claude.close_grace = 10ms;
  client asker;
  start_booted();
  const auto turn = order(asker, "q");
  cli.take_user();
  cli.say(cli_lines::message_start() + cli_lines::text("last ") + cli_lines::text("words")
          + cli_lines::message_delta() + cli_lines::result());
  cli.die();
  tell_exit(1);
  EXPECT_EQ(asker.text, "last ");
  const auto later = std::chrono::steady_clock::now() + 40ms;
  world.pump_until([&] { return std::chrono::steady_clock::now() > later; });
  grant(turn, 5);
  grant(turn, 5);
  EXPECT_EQ(asker.text, "last words");
  EXPECT_TRUE(asker.finished);
}

TEST_F(process_defect, second_result_closes_the_process_but_not_the_answer) {
  client asker;
  client next;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say(cli_lines::answer("a") + cli_lines::result());
  EXPECT_TRUE(asker.finished);
  EXPECT_EQ(ends.size(), 1U);
  EXPECT_EQ(left_service, 1U);
  order(next, "next");
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends.back().outcome, turn_outcome::not_started) << "it runs on another process";
  EXPECT_EQ(next.events, 0U);
}

TEST_F(process_defect, answer_beyond_the_limit_fails_the_turn) {
  settings.limits.answer_bytes_max = 10;
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say(cli_lines::message_start() + cli_lines::text("much too long") + cli_lines::text("more"));
  EXPECT_EQ(asker.failure(), error_code::upstream_error);
  EXPECT_EQ(only_end().outcome, turn_outcome::failed);
}

TEST_F(process_defect, actor_that_is_killed_leaves_no_client_waiting) {
  client asker;
  start_booted();
  order(asker, "q");
  caf::anon_send_exit(process, caf::exit_reason::kill);
  world.pump();
  EXPECT_EQ(asker.failure(), error_code::internal);
  EXPECT_EQ(only_end().outcome, turn_outcome::failed);
  EXPECT_EQ(left_service, 1U);
  EXPECT_TRUE(cli.life_closed());
}

TEST_F(process_defect, silence_inside_an_answer_ends_it) {
  settings.claude.event_idle_timeout = 30ms;
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say(cli_lines::message_start() + cli_lines::text("half"));
  ASSERT_TRUE(world.pump_until([&] { return !ends.empty(); }));
  expect_lost(asker, error_code::timeout);
  EXPECT_EQ(asker.text, "half");
}

TEST_F(process_defect, too_old_a_cli_is_refused_with_both_versions) {
  client asker;
  start();
  order(asker, "q");
  say(cli_lines::version(cli.take_control("get_binary_version"), "2.0.1"));
  ASSERT_TRUE(asker.failed);
  EXPECT_EQ(asker.failed->code, error_code::cli_unavailable);
  EXPECT_NE(asker.failed->message.find("2.0.1"), std::string::npos);
}

TEST_F(process_defect, child_that_does_not_read_is_given_up_when_too_much_waits) {
  settings.limits.body_bytes_max = 1000;
  settings.limits.answer_bytes_max = 1000;
  client asker;
  start_booted();
  order(asker, std::string(2 << 20, 'q'));
  expect_lost(asker, error_code::upstream_crash);
}

} // namespace
} // namespace ccapi::actors::test
