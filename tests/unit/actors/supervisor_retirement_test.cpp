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

TEST_F(supervisor_rules, parked_process_goes_before_a_waiter_starves_but_not_at_once) {
  start(2);
  auto& idle = grant(1, true, world.now());
  auto& parked = grant(2, false, world.now());
  parked.parked = true;
  want(3);
  EXPECT_EQ(idle.retirements, 1U) << "an idle one is the first to go";
  EXPECT_EQ(parked.retirements, 0U);
  want(4);
  EXPECT_EQ(parked.retirements, 0U) << "its client may be about to bring the results";
  world.advance(9s);
  EXPECT_EQ(parked.retirements, 0U);
  world.advance(2s);
  EXPECT_EQ(parked.retirements, 1U);
}

TEST_F(supervisor_rules, process_that_parks_while_somebody_waits_goes_before_he_starves) {
  queue_timeout = 3s;
  start(1);
  auto& process = grant(1, false);
  want(2);
  world.advance(500ms);
  tell_parked(starts[0].id);
  EXPECT_EQ(process.retirements, 0U);
  world.advance(1400ms);
  EXPECT_EQ(process.retirements, 0U);
  world.advance(200ms);
  EXPECT_EQ(process.retirements, 1U);
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

TEST_F(supervisor_rules, process_that_becomes_idle_is_passed_on_to_a_waiter_of_its_root) {
  start(1);
  auto& process = grant(1, false);
  process.leads_back = true;
  want(2);
  want(3);
  tell_idle(starts[0].id);
  ASSERT_TRUE(reply(2) && reply(2)->handover);
  EXPECT_EQ(*reply(2)->handover, starts[0].id);
  EXPECT_FALSE(reply(3)) << "one at a time";
  EXPECT_EQ(process.retirements, 0U);
  EXPECT_EQ(figures().processes_live, 1U);
  // It has its turn: from now on it tells when it is idle.
  process.idle = false;
  const auto asked = process.questions;
  replies.erase(2);
  world.pump();
  EXPECT_EQ(process.questions, asked + 1);
  process.turns = 2;
  tell_idle(starts[0].id);
  ASSERT_TRUE(reply(3) && reply(3)->handover);
  EXPECT_EQ(starts.size(), 1U);
}

/// The only process is about to be had by waiter 2.
class handover : public supervisor_rules {
protected:
  /// It was idle when he came.
  void pass_on_idle() {
    start(1);
    process = &grant(1, true);
    process->leads_back = true;
    want(2);
    ASSERT_TRUE(reply(2) && reply(2)->handover);
  }
  /// He has waited for so long, and so have others.
  void pass_on_after(std::chrono::seconds waited, std::initializer_list<domain::lease_id> others) {
    start(1);
    process = &grant(1, false);
    process->leads_back = true;
    want(2);
    for (const auto other : others)
      want(other);
    world.advance(waited);
    tell_idle(starts[0].id);
    ASSERT_TRUE(reply(2) && reply(2)->handover);
  }

  played_process* process = nullptr;
};

TEST_F(handover, idle_process_is_passed_on_once_then_it_goes) {
  pass_on_idle();
  want(3);
  EXPECT_EQ(process->retirements, 0U) << "somebody is about to have it";
  replies.erase(2); // and does not take it
  world.pump();
  EXPECT_FALSE(reply(3));
  EXPECT_EQ(process->retirements, 1U) << "nobody could find it";
  exited(starts[0].id);
  started(1);
  EXPECT_TRUE(granted(3));
}

TEST_F(handover, process_that_is_passed_on_is_not_ended_before_its_next_owner_has_it) {
  pass_on_idle();
  want(3);
  tell_idle(starts[0].id);
  EXPECT_EQ(process->retirements, 0U);
}

TEST_F(handover, waiter_whose_process_could_not_be_had_has_its_place_back) {
  pass_on_after(25s, {3});
  want(4, "m", {}, reply(2)->waiting_since);
  process->accepts = false;
  replies.erase(2);
  world.pump();
  exited(starts[0].id);
  ASSERT_EQ(starts.size(), 2U);
  started(1);
  EXPECT_TRUE(granted(4));
  EXPECT_FALSE(reply(3));
}

TEST_F(handover, waiter_whose_process_could_not_be_had_waits_no_longer_than_it_would_have) {
  pass_on_after(25s, {});
  process->accepts = false;
  want(3, "m", {}, reply(2)->waiting_since);
  world.advance(6s);
  EXPECT_EQ(refusal(3), error_code::server_busy);
}

TEST_F(supervisor_rules, process_is_never_passed_on_to_another_root) {
  start(1);
  want(1, "m", {"mine", "prompt"});
  started(0);
  auto& process = claim(starts[0].id, true);
  process.leads_back = true;
  want(2, "m", {"yours", "prompt"});
  EXPECT_FALSE(reply(2));
  EXPECT_EQ(process.retirements, 1U);
}

TEST_F(handover, process_that_ends_while_it_is_passed_on_frees_its_slot) {
  pass_on_idle();
  want(3);
  exited(starts[0].id);
  replies.erase(2);
  world.pump();
  ASSERT_EQ(starts.size(), 2U);
  started(1);
  EXPECT_TRUE(granted(3));
}

TEST_F(supervisor_rules, newcomer_of_another_tenant_takes_a_place_of_the_one_with_most) {
  start(1, 2);
  grant(1, false);
  want(2, "m", {"flood", ""});
  want(3, "m", {"flood", ""});
  want(4, "m", {"other", ""});
  EXPECT_EQ(refusal(3), error_code::server_busy);
  EXPECT_FALSE(reply(2));
  EXPECT_FALSE(reply(4));
  exited(starts[0].id);
  exited(starts[1].id);
  started(1);
  EXPECT_TRUE(granted(2));
}

/// Two processes, of a root each, that took 500 ms to boot; two turns wait for the first one's
/// root.
class two_roots : public supervisor_rules {
protected:
  void SetUp() override {
    start(2);
    const domain::tenant_prompt one{"t", "one"};
    const domain::tenant_prompt two{"t", "two"};
    want(1, "m", one);
    want(2, "m", two);
    started(0);
    started(1);
    first = &claim(starts[0].id);
    second = &claim(starts[1].id);
    world.advance(500ms);
    booted(starts[0].id);
    booted(starts[1].id);
    want(3, "m", one);
    want(4, "m", one);
  }
  /// Both have had a turn that took so long, the first of them a moment earlier.
  void turns_took(std::chrono::milliseconds how_long) {
    world.advance(how_long);
    first->leads_back = second->leads_back = true;
    first->idle_since = second->idle_since = world.now();
    tell_idle(starts[0].id);
    ASSERT_TRUE(reply(3) && reply(3)->handover);
    first->idle = false;
    tell_idle(starts[1].id);
  }

  played_process* first = nullptr;
  played_process* second = nullptr;
};

TEST_F(two_roots, idle_process_is_let_be_while_others_serve_the_waiters_sooner) {
  turns_took(100ms);
  EXPECT_EQ(second->retirements, 0U) << "the first will be there sooner than a new one";
  world.advance(501ms);
  EXPECT_EQ(second->retirements, 1U) << "it was not";
  EXPECT_FALSE(reply(4));
}

TEST_F(two_roots, idle_process_goes_at_once_where_turns_take_longer_than_a_boot) {
  turns_took(5s);
  EXPECT_EQ(second->retirements, 1U);
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

TEST_F(supervisor_rules, request_that_gets_no_process_ends_one_that_rests) {
  start(4);
  const auto since = world.system().clock().now();
  auto& old = grant(1, true, since);
  auto& young = grant(2, true, since + 1s);
  auto& busy = grant(3, false);
  world.advance(10s);
  EXPECT_EQ(old.retirements, 0U) << "there is a free slot";
  want(4);
  not_started(3); // no descriptor, thread or memory to be had
  EXPECT_TRUE(refusal(4));
  EXPECT_EQ(old.retirements, 1U) << "what is lacking, it may hold";
  exited(starts[0].id);
  grant(5, false);
  booted(starts[4].id, "The Claude process ended unexpectedly."); // the same, behind the launcher
  EXPECT_EQ(young.retirements, 1U);
  EXPECT_EQ(busy.retirements, 0U);
}

TEST_F(supervisor_rules, process_of_a_long_dialogue_is_left_alone_where_starts_fail) {
  start(2);
  auto& process = grant(1, true, world.system().clock().now());
  process.turns = 2;
  world.advance(10s);
  want(2);
  not_started(1);
  EXPECT_EQ(process.retirements, 0U);
  world.advance(2min);
  want(3);
  not_started(2);
  EXPECT_EQ(process.retirements, 1U) << "nobody goes on with it";
}

} // namespace
} // namespace ccapi::actors::test
