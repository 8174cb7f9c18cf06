#include "domain/tick_schedule.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;

constexpr steady_time start{1h};

TEST(tick_schedule, one_message_serves_all_who_are_due_behind_it) {
  tick_schedule ticks;
  EXPECT_TRUE(ticks.arm(start + 10s));
  EXPECT_FALSE(ticks.arm(start + 10s));
  EXPECT_FALSE(ticks.arm(start + 20s));
  ticks.fired(start + 10s);
  EXPECT_TRUE(ticks.arm(start + 20s));
}

TEST(tick_schedule, who_is_due_earlier_needs_a_message_of_his_own) {
  tick_schedule ticks;
  EXPECT_TRUE(ticks.arm(start + 30s));
  EXPECT_TRUE(ticks.arm(start + 2s));
  ticks.fired(start + 2s);
  EXPECT_TRUE(ticks.arm(start + 30s)) << "nobody remembers that one is under way already";
  ticks.fired(start + 30s);
  EXPECT_TRUE(ticks.arm(start + 60s));
  ticks.fired(start + 30s); // that one
  EXPECT_FALSE(ticks.arm(start + 60s)) << "it arms none of its own";
}

} // namespace
} // namespace ccapi::domain
