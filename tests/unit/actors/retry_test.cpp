// A turn whose process is lost: run again, once, as long as its client has seen nothing.

#include "gateway_rig.hpp"

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

class lost_turn : public gateway_rig {
protected:
  /// Lets the child answer its probe, take the question, and die.
  void take_and_die(std::size_t which, const std::string& last_lines = {}) {
    cli(which).boot();
    world.pump();
    cli(which).take_user();
    if (!last_lines.empty())
      say(which, last_lines);
    reap(which);
  }
  void pass_the_pause() { world.advance(settings.retry.backoff); }
};

TEST_F(lost_turn, runs_again_on_another_process_unnoticed) {
  start();
  client asker;
  submit(asker, "c", "one");
  take_and_die(0, cli_lines::message_start());
  EXPECT_FALSE(asker.over());
  EXPECT_EQ(children.size(), 1U) << "not before the pause";
  pass_the_pause();
  ASSERT_EQ(children.size(), 2U);
  first_turn(1, "one", "1");
  EXPECT_EQ(asker.text, "1");
  EXPECT_TRUE(asker.finished);
  EXPECT_EQ(figures().turns_retried, 1U);
  EXPECT_EQ(figures().processes_failed, 1U);
}

TEST_F(lost_turn, second_run_is_seeded_with_the_dialogue) {
  start();
  client first;
  client second;
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  submit(second, "c", "two");
  cli(0).take_user();
  reap(0);
  pass_the_pause();
  ASSERT_EQ(children.size(), 2U);
  boot_with_history(1, "one", "1");
  next_turn(1, "two", "2");
  EXPECT_EQ(second.text, "2");
}

TEST_F(lost_turn, ends_when_the_client_has_seen_some_of_it) {
  start();
  client asker;
  submit(asker, "c", "one");
  take_and_die(0, cli_lines::message_start() + cli_lines::text("half"));
  EXPECT_EQ(asker.failure(), error_code::upstream_crash);
  pass_the_pause();
  EXPECT_EQ(children.size(), 1U);
}

TEST_F(lost_turn, ends_with_the_second_loss) {
  start();
  client asker;
  submit(asker, "c", "one");
  take_and_die(0);
  pass_the_pause();
  take_and_die(1);
  EXPECT_EQ(asker.failure(), error_code::upstream_crash);
  pass_the_pause();
  EXPECT_EQ(children.size(), 2U);
}

TEST_F(lost_turn, keeps_its_place_before_later_turns) {
  start();
  client first;
  client second;
  submit(first, "c", "one");
  submit(second, "c", "two");
  take_and_die(0);
  EXPECT_EQ(second.events, 0U);
  pass_the_pause();
  first_turn(1, "one", "1");
  next_turn(1, "two", "2");
  EXPECT_EQ(first.text, "1");
  EXPECT_EQ(second.text, "2");
}

TEST_F(lost_turn, client_that_leaves_in_the_pause_makes_room_for_the_next) {
  start();
  client first;
  client second;
  const auto turn = submit(first, "c", "one");
  submit(second, "c", "two");
  take_and_die(0);
  cancel(turn);
  ASSERT_EQ(children.size(), 2U) << "the next one need not wait for the pause";
  pass_the_pause();
  first_turn(1, "two", "2");
  EXPECT_EQ(second.text, "2");
  EXPECT_EQ(children.size(), 2U);
  EXPECT_EQ(first.events, 0U);
}

TEST_F(lost_turn, end_of_the_gateway_ends_the_pause) {
  start();
  client asker;
  submit(asker, "c", "one");
  take_and_die(0);
  drain();
  close_all();
  EXPECT_EQ(asker.failure(), error_code::draining);
  pass_the_pause();
  EXPECT_EQ(children.size(), 1U);
}

TEST_F(lost_turn, killed_conversation_tells_a_client_that_waits_in_the_pause) {
  start();
  client asker;
  submit(asker, "c", "one");
  take_and_die(0);
  caf::anon_send_exit(shard().conversations.records().front()->actor, caf::exit_reason::kill);
  world.pump();
  EXPECT_EQ(asker.failure(), error_code::internal);
  pass_the_pause();
}

TEST_F(lost_turn, too_many_of_them_are_no_longer_run_again) {
  settings.retry.budget_percent = 1;
  start();
  for (std::uint32_t n = 0; n < domain::retry_budget::reserve; ++n)
    EXPECT_TRUE(shard().retries.take());
  client asker;
  submit(asker, "c", "one");
  take_and_die(0);
  EXPECT_EQ(asker.failure(), error_code::upstream_crash);
}

TEST_F(lost_turn, process_that_does_not_come_up_is_replaced_as_well) {
  start();
  client asker;
  submit(asker, "c", "one");
  reap(0);
  EXPECT_FALSE(asker.over());
  pass_the_pause();
  first_turn(1, "one", "1");
  EXPECT_EQ(asker.text, "1");
}

} // namespace
} // namespace ccapi::actors::test
