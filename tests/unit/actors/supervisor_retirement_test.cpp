// Who has to go when somebody waits at the cap.

#include "supervisor_rig.hpp"

namespace ccapi::actors::test {
namespace {

TEST_F(supervisor_rules, longest_idle_process_goes_at_the_cap) {
  start(3);
  const domain::steady_time early{100s};
  auto& young = grant(1, true, early + 5s);
  auto& old = grant(2, true, early);
  auto& busy = grant(3, false);
  want(4);
  EXPECT_EQ(old.retirements, 1U);
  EXPECT_EQ(young.retirements, 0U);
  EXPECT_EQ(busy.retirements, 0U);
  EXPECT_FALSE(reply(4)) << "the slot is free when the child is reaped";
  exited(starts[1].id);
  ASSERT_EQ(starts.size(), 4U);
  started(3);
  EXPECT_TRUE(granted(4));
  EXPECT_EQ(figures().processes_retired, 1U);
  EXPECT_EQ(figures().processes_live, 3U);
}

TEST_F(supervisor_rules, one_process_goes_for_each_who_waits) {
  start(3);
  auto& first = grant(1, true, domain::steady_time{1s});
  auto& second = grant(2, true, domain::steady_time{2s});
  auto& third = grant(3, true, domain::steady_time{3s});
  want(4);
  want(5);
  EXPECT_EQ(first.retirements, 1U);
  EXPECT_EQ(second.retirements, 1U);
  EXPECT_EQ(third.retirements, 0U);
}

TEST_F(supervisor_rules, process_that_becomes_idle_goes_if_somebody_waits) {
  start(1);
  auto& process = grant(1, false);
  want(2);
  EXPECT_EQ(process.questions, 1U);
  EXPECT_EQ(process.retirements, 0U);
  tell_idle(starts[0].id);
  EXPECT_EQ(process.retirements, 1U);
  exited(starts[0].id);
  started(1);
  EXPECT_TRUE(granted(2));
}

TEST_F(supervisor_rules, process_that_becomes_idle_stays_if_nobody_waits) {
  start(1);
  auto& process = grant(1, false);
  want(2);
  caf::anon_send(boss, withdraw_lease{2});
  world.pump();
  tell_idle(starts[0].id);
  EXPECT_EQ(process.retirements, 0U);
}

TEST_F(supervisor_rules, process_claimed_while_somebody_waits_is_asked_at_once) {
  start(1);
  want(1);
  want(2); // nobody to ask yet
  started(0);
  auto& process = claim(starts[0].id);
  EXPECT_EQ(process.questions, 1U) << "else it would not tell when it is idle";
  tell_idle(starts[0].id);
  EXPECT_EQ(process.retirements, 1U);
}

TEST_F(supervisor_rules, refused_retirement_is_followed_by_another_question) {
  start(2);
  auto& first = grant(1, true, domain::steady_time{1s});
  auto& second = grant(2, false);
  first.accepts = false; // a turn came in between
  want(3);
  EXPECT_EQ(first.retirements, 1U);
  EXPECT_EQ(first.questions, 2U);
  tell_idle(starts[1].id);
  EXPECT_EQ(second.retirements, 1U);
  exited(starts[1].id);
  started(2);
  EXPECT_TRUE(granted(3));
}

TEST_F(supervisor_rules, process_that_ends_by_itself_while_retiring_counts_once) {
  start(1);
  grant(1, true);
  want(2);
  exited(starts[0].id);
  started(1);
  auto& next = claim(starts[1].id);
  want(3);
  tell_idle(starts[1].id);
  EXPECT_EQ(next.retirements, 1U) << "the earlier retirement is settled";
  exited(starts[1].id);
  started(2);
  EXPECT_TRUE(granted(3));
  EXPECT_EQ(figures().processes_live, 1U);
}

TEST_F(supervisor_rules, process_that_does_not_answer_does_not_stop_the_others) {
  start(2);
  auto& deaf = grant(1, true, domain::steady_time{1s});
  auto& good = grant(2, true, domain::steady_time{2s});
  deaf.deaf = true;
  want(3);
  EXPECT_EQ(good.retirements, 0U);
  world.advance(3s);
  EXPECT_EQ(good.retirements, 1U);
}

TEST_F(supervisor_rules, process_that_answered_too_late_is_asked_again) {
  start(1);
  auto& slow = grant(1, true);
  slow.deaf = true;
  want(2);
  EXPECT_EQ(slow.questions, 1U);
  slow.deaf = false;
  world.advance(3s);
  EXPECT_EQ(slow.retirements, 1U) << "it was idle all the time, so it would never tell";
}

} // namespace
} // namespace ccapi::actors::test
