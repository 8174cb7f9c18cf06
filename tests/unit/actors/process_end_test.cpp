// claude_process: how it leaves, and what it owes to those around it.

#include "process_rig.hpp"

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;

class process_end : public process_rig {};

TEST_F(process_end, idle_process_retires_on_request) {
  start_booted();
  run_turn_to_end("q", "a");
  const auto report = probe();
  EXPECT_TRUE(report.idle);
  EXPECT_EQ(report.process, id);
  EXPECT_TRUE(retire());
  EXPECT_EQ(left_service, 1U);
  EXPECT_TRUE(cli.input_closed());
}

TEST_F(process_end, turn_for_a_retiring_process_is_given_back_untouched) {
  client asker;
  start_booted();
  run_turn_to_end("q", "a");
  ASSERT_TRUE(retire());
  order(asker, "late", {asked("h")});
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends.back().outcome, turn_outcome::not_started);
  EXPECT_FALSE(ends.back().reusable);
  EXPECT_EQ(asker.events, 0U);
}

TEST_F(process_end, tells_that_it_is_idle_only_when_somebody_asked) {
  client asker;
  start_booted();
  run_turn_to_end("one", "1");
  EXPECT_EQ(idle_notes, 0U);
  order(asker, "two");
  EXPECT_FALSE(probe().idle);
  cli.take_user();
  say(cli_lines::answer("2"));
  EXPECT_EQ(idle_notes, 1U);
  run_turn_to_end("three", "3");
  EXPECT_EQ(idle_notes, 1U);
}

TEST_F(process_end, end_of_input_comes_first_then_the_life_pipe) {
  settings.claude.close_grace = 20ms;
  start_booted();
  const auto asked_at = std::chrono::steady_clock::now();
  caf::anon_send(process, close_process{});
  world.pump();
  EXPECT_TRUE(cli.input_closed());
  EXPECT_FALSE(cli.life_closed());
  ASSERT_TRUE(world.pump_until([&] { return cli.life_closed(); }));
  EXPECT_GE(std::chrono::steady_clock::now() - asked_at, 40ms) << "two steps of grace";
}

TEST_F(process_end, output_of_a_closing_process_is_drained) {
  settings.limits.stream_buffer_bytes = 10;
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say(cli_lines::message_start() + cli_lines::text("more than ten bytes"));
  caf::anon_send(process, close_process{});
  world.pump();
  for (int i = 0; i < 10; ++i) {
    cli.say(cli_lines::text(std::string(50'000, 'x')));
    world.pump();
  }
  EXPECT_EQ(cli.unread_output(), 0U) << "a child that can't write can't end";
}

TEST_F(process_end, noise_on_stderr_is_drained_and_bounded) {
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  for (int i = 0; i < 100; ++i) {
    cli.complain(std::string(10'000, 'e'));
    world.pump();
  }
  say(cli_lines::answer("fine"));
  EXPECT_TRUE(asker.finished);
}

TEST_F(process_end, nothing_keeps_the_actor_once_its_child_is_reaped) {
  start_booted();
  run_turn_to_end("q", "a");
  cli.die();
  tell_exit();
  EXPECT_TRUE(cli.life_closed());
  EXPECT_EQ(left_service, 1U);
  const auto watched = caf::actor_cast<caf::weak_actor_ptr>(process);
  process = nullptr;
  world.pump();
  EXPECT_FALSE(watched.lock());
}

} // namespace
} // namespace ccapi::actors::test
