// supervisor: slots, the queue, room at the cap, health. Processes and the launcher are played.

#include "supervisor_rig.hpp"

namespace ccapi::actors::test {
namespace {

TEST_F(supervisor_rules, starts_a_process_for_each_wish_up_to_the_cap) {
  start(2);
  want(1, "opus");
  want(2, "haiku");
  want(3);
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0].program, "opus");
  EXPECT_EQ(starts[1].program, "haiku");
  EXPECT_NE(starts[0].id, starts[1].id);
  EXPECT_FALSE(reply(1)) << "not before the child runs";
  started(0);
  EXPECT_TRUE(granted(1));
  EXPECT_EQ(reply(1)->child->id, starts[0].id);
  EXPECT_FALSE(reply(3));
  const auto now = figures();
  EXPECT_EQ(now.processes_live, 2U);
  EXPECT_EQ(now.processes_spawned, 1U);
  EXPECT_EQ(now.queue_length, 1U);
}

TEST_F(supervisor_rules, gives_a_slot_that_falls_free_to_the_first_who_waits) {
  start(1);
  grant(1, false);
  want(2);
  want(3);
  exited(starts[0].id);
  ASSERT_EQ(starts.size(), 2U);
  started(1);
  EXPECT_TRUE(granted(2));
  EXPECT_FALSE(reply(3));
}

TEST_F(supervisor_rules, refuses_what_goes_beyond_the_queue) {
  start(1, 1);
  grant(1, false);
  want(2);
  want(3);
  EXPECT_EQ(refusal(3), error_code::server_busy);
  EXPECT_FALSE(reply(2));
}

TEST_F(supervisor_rules, waiting_ends_at_its_deadline) {
  start(1);
  grant(1, false);
  want(2);
  world.advance(20s);
  want(3);
  EXPECT_FALSE(reply(2));
  world.advance(10s + 10ms);
  EXPECT_EQ(refusal(2), error_code::server_busy);
  EXPECT_FALSE(reply(3)) << "its own time is not over";
  world.advance(20s);
  EXPECT_EQ(refusal(3), error_code::server_busy);
  EXPECT_EQ(figures().queue_length, 0U);
}

TEST_F(supervisor_rules, shorter_wait_holds_for_who_comes_behind_one_with_a_longer) {
  start(1);
  grant(1, false);
  want(2);
  auto shorter = std::make_shared<config::settings>();
  shorter->claude.max_concurrent_sessions = 1;
  shorter->limits.queue_timeout = 2s;
  caf::anon_send(boss, settings_changed{shorter});
  world.pump();
  want(3);
  world.advance(2s + 10ms);
  EXPECT_EQ(refusal(3), error_code::server_busy);
  EXPECT_FALSE(reply(2)) << "keeps the time that it came with";
  world.advance(28s);
  EXPECT_EQ(refusal(2), error_code::server_busy);
  want(4);
  world.advance(2s + 10ms);
  EXPECT_EQ(refusal(4), error_code::server_busy);
}

TEST_F(supervisor_rules, wish_that_is_withdrawn_makes_place_for_the_next) {
  start(1);
  grant(1, false);
  want(2);
  want(3);
  caf::anon_send(boss, withdraw_lease{2});
  world.pump();
  EXPECT_EQ(refusal(2), error_code::cancelled);
  exited(starts[0].id);
  started(1);
  EXPECT_TRUE(granted(3));
  EXPECT_EQ(starts.size(), 2U) << "nothing is started for whoever left";
}

TEST_F(supervisor_rules, failed_start_frees_the_slot) {
  start(1);
  want(1);
  want(2);
  not_started(0);
  EXPECT_EQ(refusal(1), error_code::cli_unavailable);
  ASSERT_EQ(starts.size(), 2U);
  started(1);
  EXPECT_TRUE(granted(2));
  exited(starts[1].id);
  EXPECT_EQ(figures().processes_live, 0U);
  EXPECT_EQ(figures().processes_failed, 1U);
}

TEST_F(supervisor_rules, model_that_cant_be_started_costs_no_slot) {
  start(1);
  want(1, "bad");
  EXPECT_EQ(refusal(1), error_code::invalid_request);
  EXPECT_EQ(figures().processes_live, 0U);
  want(2);
  EXPECT_EQ(starts.size(), 1U);
}

TEST_F(supervisor_rules, all_that_wait_for_a_bad_model_are_answered) {
  start(1);
  grant(1, false);
  want(2, "bad");
  want(3, "bad");
  want(4);
  exited(starts[0].id);
  EXPECT_EQ(refusal(2), error_code::invalid_request);
  EXPECT_EQ(refusal(3), error_code::invalid_request);
  started(1);
  EXPECT_TRUE(granted(4));
}

TEST_F(supervisor_rules, child_that_ends_before_it_is_claimed_frees_its_slot) {
  start(1);
  want(1);
  started(0);
  exited(starts[0].id);
  EXPECT_EQ(figures().processes_live, 0U);
  auto& late = claim(starts[0].id);
  EXPECT_EQ(late.exits, 1U) << "its actor hears that there is nothing to run";
}

TEST_F(supervisor_rules, exit_is_passed_on_to_the_process_once) {
  start(1);
  auto& process = grant(1, false);
  exited(starts[0].id);
  EXPECT_EQ(process.exits, 1U);
  EXPECT_EQ(figures().processes_live, 0U);
}

TEST_F(supervisor_rules, drain_refuses_wishes_new_and_waiting) {
  start(1);
  auto& seen = attach();
  grant(1, false);
  want(2);
  caf::anon_send(boss, drain{});
  world.pump();
  EXPECT_EQ(refusal(2), error_code::draining);
  want(3);
  EXPECT_EQ(refusal(3), error_code::draining);
  EXPECT_EQ(seen.state, domain::health_state::draining);
  exited(starts[0].id);
  EXPECT_EQ(starts.size(), 1U);
}

TEST_F(supervisor_rules, refused_login_shows_in_health_once_and_goes_away_again) {
  start(1);
  auto& seen = attach();
  EXPECT_EQ(health_changes, 1U) << "whoever listens hears the state at once";
  EXPECT_EQ(seen.state, domain::health_state::ok);
  login(false);
  EXPECT_EQ(seen.state, domain::health_state::degraded);
  EXPECT_NE(seen.reason.find("log in"), std::string::npos) << "says what to do";
  EXPECT_EQ(seen.cli_version, "2.1.330");
  login(false);
  login(false);
  EXPECT_EQ(health_changes, 2U);
  login(true);
  EXPECT_EQ(seen.state, domain::health_state::ok);
  EXPECT_TRUE(seen.reason.empty());
  login(true);
  EXPECT_EQ(health_changes, 3U);
}

TEST_F(supervisor_rules, drain_stays_drain_whatever_the_login_does) {
  start(1);
  auto& seen = attach();
  caf::anon_send(boss, drain{});
  world.pump();
  const auto reason = seen.reason;
  login(false);
  EXPECT_EQ(seen.state, domain::health_state::draining);
  EXPECT_EQ(seen.reason, reason);
  login(true);
  EXPECT_EQ(seen.state, domain::health_state::draining);
  EXPECT_EQ(seen.reason, reason);
}

TEST_F(supervisor_rules, processes_that_do_not_come_up_are_not_started_for_a_while) {
  breaker = {.failures_max = 2, .period = 10s, .pause = 5s, .pause_max = 60s};
  start(4);
  auto& seen = attach();
  grant(1, false);
  grant(2, false);
  booted(starts[0].id, "no luck");
  EXPECT_EQ(seen.state, domain::health_state::ok);
  booted(starts[1].id, "no luck");
  EXPECT_EQ(seen.state, domain::health_state::degraded);
  EXPECT_NE(seen.reason.find("no luck"), std::string::npos);
  want(3);
  EXPECT_EQ(refusal(3), error_code::cli_unavailable);
  EXPECT_GE(reply(3)->failure->retry_after, 5s);
  EXPECT_EQ(figures().processes_live, 2U) << "a refusal costs no slot";

  world.advance(7s);
  grant(4, false);
  want(5);
  EXPECT_EQ(refusal(5), error_code::cli_unavailable) << "one trial at a time";
  booted(starts[2].id);
  EXPECT_EQ(seen.state, domain::health_state::ok);
  want(6);
  EXPECT_EQ(starts.size(), 4U);
}

TEST_F(supervisor_rules, those_who_wait_are_told_when_nothing_starts) {
  breaker = {.failures_max = 1, .period = 10s, .pause = 5s, .pause_max = 60s};
  start(1);
  grant(1, false);
  want(2);
  want(3);
  booted(starts[0].id, "no luck");
  exited(starts[0].id);
  EXPECT_EQ(refusal(2), error_code::cli_unavailable);
  EXPECT_EQ(refusal(3), error_code::cli_unavailable);
  EXPECT_EQ(figures().processes_live, 0U);
}

TEST_F(supervisor_rules, without_a_cli_nothing_is_started) {
  health = {domain::health_state::degraded, "no CLI: install it", "", ""};
  start(1);
  want(1);
  EXPECT_EQ(refusal(1), error_code::cli_unavailable);
  EXPECT_EQ(reply(1)->failure->message, "no CLI: install it");
  EXPECT_TRUE(starts.empty());
}

} // namespace
} // namespace ccapi::actors::test
