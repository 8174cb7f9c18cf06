// Processes that are started before anybody asks.

#include "supervisor_rig.hpp"

#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <algorithm>

namespace ccapi::actors::test {
namespace {

class supervisor_spares : public supervisor_rules {
protected:
  supervisor_spares() {
    spares = {.total_max = 3,
              .per_kind_min = 2,
              .per_kind_max = 3,
              .kind_idle = 10min,
              .boot_timeout = 30s,
              .default_kind = domain::process_kind{"m"}};
  }
  void begin(std::size_t processes_max = 10) {
    start(processes_max);
    attach();
    world.pump();
  }
  /// A spare comes up.
  void up(std::size_t which) {
    started(which);
    starts.at(which).on_spoke(starts.at(which).id);
    world.pump();
  }
  /// The child that a lease was granted.
  domain::process_id granted_process(domain::lease_id lease) const {
    return granted(lease) ? reply(lease)->child->id : 0;
  }
};

TEST_F(supervisor_spares, are_started_one_by_one_and_unhurried) {
  begin();
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_TRUE(starts[0].unhurried);
  started(0);
  EXPECT_EQ(starts.size(), 1U) << "the first one boots";
  EXPECT_EQ(figures().spares_booting, 1U);
  starts[0].on_spoke(starts[0].id);
  world.pump();
  ASSERT_EQ(starts.size(), 2U);
  up(1);
  EXPECT_EQ(starts.size(), 2U);
  EXPECT_EQ(figures().spares_ready, 2U);
  EXPECT_EQ(figures().processes_live, 2U);
}

TEST_F(supervisor_spares, first_request_gets_one_and_it_is_replaced) {
  begin();
  up(0);
  up(1);
  want(1);
  EXPECT_EQ(granted_process(1), starts[0].id);
  EXPECT_TRUE(reply(1)->spare);
  EXPECT_EQ(starts.size(), 2U) << "its first turn has the machine for a moment";
  world.advance(300ms);
  EXPECT_EQ(starts.size(), 3U) << "the next one is on its way";
  EXPECT_EQ(figures().spare_hits, 1U);
}

TEST_F(supervisor_spares, are_refilled_though_requests_come_without_a_pause) {
  begin();
  up(0);
  up(1);
  for (domain::lease_id lease = 1; lease <= 8; ++lease) {
    want(lease, lease == 1 ? "m" : "other");
    if (lease > 1)
      started(starts.size() - 1);
    world.advance(150ms);
  }
  EXPECT_TRUE(std::any_of(starts.begin() + 2, starts.end(),
                          [](const start_order& each) { return each.unhurried; }));
}

TEST_F(supervisor_spares, one_that_still_boots_is_better_than_none) {
  begin();
  started(0);
  want(1);
  EXPECT_EQ(granted_process(1), starts[0].id);
}

TEST_F(supervisor_spares, another_models_request_is_a_miss_and_makes_it_a_model_in_use) {
  begin();
  up(0);
  up(1);
  want(1, "n");
  EXPECT_FALSE(reply(1));
  ASSERT_EQ(starts.size(), 3U);
  EXPECT_FALSE(starts[2].unhurried);
  EXPECT_EQ(figures().spare_misses, 1U);
  started(2);
  EXPECT_TRUE(granted(1));
  world.advance(6s);
  ASSERT_EQ(starts.size(), 4U);
  EXPECT_EQ(starts[3].program, "n");
  EXPECT_TRUE(starts[3].unhurried);
}

TEST_F(supervisor_spares, none_is_started_while_somebody_waits_for_a_process) {
  spares.per_kind_min = 1;
  begin(2);
  up(0);
  want(1);
  world.advance(300ms);
  ASSERT_EQ(starts.size(), 2U); // the refill takes the last slot
  up(1);
  want(2, "n");
  EXPECT_EQ(figures().queue_length, 1U);
  EXPECT_EQ(figures().spares_ready, 0U) << "it gives way to the request";
  exited(starts[1].id);
  ASSERT_EQ(starts.size(), 3U);
  EXPECT_EQ(starts[2].program, "n");
  EXPECT_EQ(figures().spares_dropped, 1U);
  EXPECT_EQ(figures().processes_live, 2U);
}

TEST_F(supervisor_spares, at_the_cap_a_one_turn_conversation_makes_room_after_some_seconds) {
  spares.per_kind_min = 1;
  begin(2);
  up(0);
  want(1);
  auto& first = claim(starts[0].id, true, world.system().clock().now());
  world.advance(300ms);
  up(1);
  want(2);
  claim(starts[1].id, false);
  EXPECT_EQ(first.retirements, 0U) << "it has just come to rest";
  world.advance(11s);
  EXPECT_EQ(first.retirements, 1U);
  exited(starts[0].id);
  EXPECT_EQ(starts.size(), 3U);
  EXPECT_TRUE(starts.back().unhurried);
}

TEST_F(supervisor_spares, long_conversation_is_left_alone_at_the_cap) {
  spares.per_kind_min = 1;
  begin(1);
  up(0);
  want(1);
  auto& only = claim(starts[0].id, true, world.system().clock().now());
  only.turns = 2;
  world.advance(30s);
  EXPECT_EQ(only.retirements, 0U);
}

TEST_F(supervisor_spares, one_that_dies_counts_as_a_failed_start_and_is_replaced) {
  begin();
  up(0);
  up(1);
  exited(starts[0].id);
  EXPECT_EQ(starts.size(), 3U);
  EXPECT_EQ(figures().processes_failed, 1U);
  for (std::size_t which = 2; which < 6 && which < starts.size(); ++which) {
    started(which);
    exited(starts[which].id);
  }
  const auto tried = starts.size();
  world.advance(1s);
  EXPECT_EQ(starts.size(), tried) << "the breaker pauses it";
  world.advance(2min);
  EXPECT_GT(starts.size(), tried);
}

TEST_F(supervisor_spares, one_that_never_comes_up_counts_as_a_failed_start) {
  begin();
  for (int i = 0; i < 5; ++i) {
    started(starts.size() - 1);
    EXPECT_FALSE(starts.back().on_spoke == nullptr);
    world.advance(36s);
  }
  EXPECT_EQ(figures().processes_failed, 5U);
  EXPECT_EQ(figures().spares_dropped, 5U);
  for (const auto& each : std::deque<start_order>{starts})
    exited(each.id);
}

TEST_F(supervisor_spares, new_cli_drops_those_of_the_old_one) {
  begin();
  up(0);
  up(1);
  cli_identity = "two";
  want(1);
  EXPECT_FALSE(granted(1));
  EXPECT_EQ(figures().spares_ready, 0U);
  EXPECT_EQ(figures().spares_dropped, 2U);
  ASSERT_EQ(starts.size(), 3U);
  started(2);
  EXPECT_EQ(granted_process(1), starts[2].id);
}

TEST_F(supervisor_spares, drain_ends_them) {
  begin();
  up(0);
  up(1);
  caf::anon_send(boss, actors::drain{});
  world.pump();
  EXPECT_EQ(figures().spares_ready, 0U);
  exited(starts[0].id);
  exited(starts[1].id);
  EXPECT_EQ(figures().processes_live, 0U);
  EXPECT_EQ(starts.size(), 2U);
}

TEST_F(supervisor_spares, one_that_comes_up_during_the_drain_ends_as_well) {
  begin();
  caf::anon_send(boss, actors::drain{});
  world.pump();
  started(0);
  EXPECT_EQ(figures().spares_booting, 0U);
  exited(starts[0].id);
  EXPECT_EQ(figures().processes_live, 0U);
}

TEST_F(supervisor_spares, one_is_told_the_usual_prompt_of_a_tenant) {
  const domain::tenant_prompt cook{"home", "You cook."};
  begin();
  up(0);
  up(1);
  want(1, "m", cook);
  world.advance(300ms);
  up(2);
  EXPECT_EQ(figures().spares_primed, 0U);
  want(2, "m", cook);
  world.advance(300ms);
  up(3);
  EXPECT_EQ(figures().spares_primed, 1U);
  EXPECT_EQ(figures().spares_ready, 2U);
  auto& told = *starts[2].cli; // the older one
  told.take_control("get_binary_version");
  EXPECT_NE(told.next_line().find("You cook."), std::string::npos);
  EXPECT_FALSE(told.take_user(true).empty());
  EXPECT_TRUE(told.silent());

  want(3, "m", {"office", cook.text});
  EXPECT_EQ(granted_process(3), starts[3].id) << "never another tenant's";
  EXPECT_FALSE(reply(3)->primed);
  want(4, "m", cook);
  EXPECT_EQ(granted_process(4), starts[2].id);
  ASSERT_TRUE(reply(4)->primed);
  EXPECT_TRUE(reply(4)->primed->sets_prompt);
  EXPECT_FALSE(reply(4)->primed->message.empty());
  EXPECT_EQ(figures().primed_hits, 1U);
  EXPECT_EQ(figures().spare_hits, 4U);
}

TEST_F(supervisor_spares, none_is_primed_any_more_once_one_could_not_forget) {
  const domain::tenant_prompt cook{"home", "You cook."};
  begin();
  up(0);
  up(1);
  for (domain::lease_id lease = 1; lease <= 2; ++lease) {
    want(lease, "m", cook);
    world.advance(300ms);
    up(starts.size() - 1);
  }
  EXPECT_EQ(figures().spares_primed, 1U);
  caf::anon_send(boss, priming_failed{starts[0].id});
  world.pump();
  EXPECT_EQ(figures().spares_primed, 0U);
  EXPECT_EQ(figures().spares_dropped, 1U);
  exited(starts[2].id);
  world.advance(300ms);
  up(starts.size() - 1);
  EXPECT_EQ(figures().spares_ready, 2U);
  EXPECT_EQ(figures().spares_primed, 0U);
  cli_identity = "two"; // which may be better at it
  world.advance(6s);
  exited(starts[3].id);
  exited(starts[4].id);
  world.advance(300ms);
  up(starts.size() - 1);
  up(starts.size() - 1);
  EXPECT_EQ(figures().spares_primed, 1U);
}

} // namespace
} // namespace ccapi::actors::test
