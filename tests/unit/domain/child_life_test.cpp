// What one child of the supervisor is at, and what was noted of it on the way.

#include "domain/pool/child_life.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;

constexpr process_origin home{.thread = 1, .root = {1, 2}};
constexpr process_origin elsewhere{.thread = 2, .root = {1, 2}};
constexpr steady_time start{1h};

class child_lives : public testing::Test {
protected:
  /// Started for a lease, and up 400 ms later.
  static child_life leased() {
    child_life life{7};
    EXPECT_TRUE(life.lease_started(home, start));
    EXPECT_EQ(life.booted(start + 400ms), 400ms);
    return life;
  }
  static child_life spare() {
    child_life life{process_kind{"sonnet"}};
    EXPECT_TRUE(life.become_spare());
    return life;
  }
  /// Idle since then, after so many turns.
  static idle_report idle(std::uint32_t turns, steady_time since, bool leads_back = true) {
    return {.idle = true, .idle_since = since, .turns = turns, .leads_back = leads_back};
  }
};

TEST_F(child_lives, one_for_a_lease_is_leased_when_it_starts) {
  child_life life{7};
  EXPECT_EQ(life.state(), child_state::starting);
  EXPECT_EQ(life.lease(), 7U);
  EXPECT_EQ(life.spare_of(), nullptr);
  EXPECT_FALSE(life.in_use());
  EXPECT_TRUE(life.lease_started(home, start));
  EXPECT_EQ(life.state(), child_state::leased);
  EXPECT_TRUE(life.in_use());
  EXPECT_EQ(life.origin(), home);
}

TEST_F(child_lives, spare_is_nobodys_until_it_is_leased) {
  child_life life{process_kind{"sonnet"}};
  EXPECT_EQ(life.state(), child_state::starting);
  ASSERT_NE(life.spare_of(), nullptr);
  EXPECT_EQ(life.spare_of()->model, "sonnet");
  EXPECT_FALSE(life.lease_spare(home, start)) << "it is not there yet";
  EXPECT_TRUE(life.become_spare());
  EXPECT_FALSE(life.in_use());
  EXPECT_TRUE(life.lease_spare(home, start));
  EXPECT_FALSE(life.lease_spare(elsewhere, start)) << "somebody has it";
  EXPECT_EQ(life.origin(), home);
  EXPECT_TRUE(life.in_use());
}

TEST_F(child_lives, only_one_that_nobody_has_ends_without_being_asked) {
  auto given = leased();
  EXPECT_FALSE(given.end_unused());
  EXPECT_FALSE(given.evict());
  child_life unwanted{7};
  EXPECT_FALSE(unwanted.evict()) << "it is no spare";
  EXPECT_TRUE(unwanted.end_unused());
  EXPECT_FALSE(unwanted.lease_started(home, start));
  auto dropped = spare();
  EXPECT_TRUE(dropped.end_unused());
  EXPECT_FALSE(dropped.makes_room());
  auto evicted = spare();
  EXPECT_TRUE(evicted.evict());
  EXPECT_TRUE(evicted.makes_room());
  for (auto* each : {&dropped, &evicted}) {
    EXPECT_FALSE(each->lease_spare(home, start));
    EXPECT_FALSE(each->end_unused());
    EXPECT_FALSE(each->retire());
    EXPECT_FALSE(each->in_use());
  }
}

TEST_F(child_lives, retiring_one_is_in_use_until_it_is_reaped_and_may_refuse) {
  auto life = leased();
  EXPECT_FALSE(life.refuse_retirement());
  EXPECT_TRUE(life.retire());
  EXPECT_FALSE(life.retire()) << "once is enough";
  EXPECT_TRUE(life.in_use());
  EXPECT_TRUE(life.makes_room());
  EXPECT_TRUE(life.refuse_retirement());
  EXPECT_EQ(life.state(), child_state::leased);
  EXPECT_FALSE(life.makes_room());
}

TEST_F(child_lives, one_on_the_way_to_another_conversation_is_not_retired) {
  auto life = leased();
  const auto report = idle(1, start + 1s);
  EXPECT_TRUE(life.begin_handover(report, start + 1s));
  EXPECT_TRUE(life.in_use());
  EXPECT_FALSE(life.retire());
  EXPECT_FALSE(life.begin_handover(idle(2, start + 2s), start + 2s));
  EXPECT_TRUE(life.end_handover());
  EXPECT_FALSE(life.end_handover());
  EXPECT_TRUE(life.retire());
  EXPECT_FALSE(life.begin_handover(idle(2, start + 2s), start + 2s)) << "it retires";
}

TEST_F(child_lives, is_handed_over_only_if_it_leads_back_and_had_a_turn_since) {
  auto life = leased();
  EXPECT_FALSE(life.may_be_handed_over(idle(1, start + 1s, false)));
  EXPECT_FALSE(life.may_be_handed_over(idle(0, start + 1s))) << "it has run nothing yet";
  EXPECT_TRUE(life.begin_handover(idle(1, start + 1s), start + 1s));
  EXPECT_TRUE(life.end_handover());
  EXPECT_FALSE(life.may_be_handed_over(idle(1, start + 1s))) << "nobody could find it";
  EXPECT_TRUE(life.may_be_handed_over(idle(2, start + 2s)));
}

TEST_F(child_lives, serves_those_of_its_origin_once_it_could_be_led_back) {
  auto life = leased();
  EXPECT_FALSE(life.serves(home)) << "nobody knows";
  life.rested(idle(1, start + 1s));
  EXPECT_TRUE(life.serves(home));
  EXPECT_FALSE(life.serves(elsewhere));
  EXPECT_TRUE(life.retire());
  EXPECT_FALSE(life.serves(home));
  EXPECT_TRUE(life.refuse_retirement());
  life.rested(idle(2, start + 2s, false));
  EXPECT_FALSE(life.serves(home));
}

TEST_F(child_lives, boot_is_timed_once_and_only_if_somebody_waited_for_it) {
  EXPECT_FALSE(leased().booted(start + 1s));
  auto given = spare();
  EXPECT_TRUE(given.lease_spare(home, start));
  EXPECT_FALSE(given.booted(start + 1s));
}

TEST_F(child_lives, turn_is_timed_if_it_was_the_only_one) {
  auto life = leased();
  EXPECT_EQ(life.rested(idle(1, start + 500ms)), 100ms) << "the boot does not count";
  EXPECT_FALSE(life.rested(idle(1, start + 500ms))) << "noted already";
  EXPECT_TRUE(life.begin_handover(idle(1, start + 500ms), start + 1s));
  EXPECT_TRUE(life.end_handover());
  EXPECT_EQ(life.rested(idle(2, start + 3s)), 2s);

  auto busy = spare();
  EXPECT_TRUE(busy.lease_spare(home, start));
  EXPECT_FALSE(busy.rested(idle(2, start + 1s)));
}

} // namespace
} // namespace ccapi::domain
