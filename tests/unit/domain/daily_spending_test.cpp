#include "domain/daily_spending.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;

const wall_time noon{std::chrono::sys_days{std::chrono::year{2026} / 11 / 28} + 12h};

TEST(daily_spending, adds_up_by_name) {
  daily_spending spent;
  spent.add("a", 100, noon);
  spent.add("a", 20, noon + 1h);
  spent.add("b", 3, noon);
  EXPECT_EQ(spent.today("a", noon + 2h), 120);
  EXPECT_EQ(spent.today("b", noon), 3);
  EXPECT_EQ(spent.today("c", noon), 0);
}

TEST(daily_spending, begins_anew_at_midnight_utc) {
  daily_spending spent;
  spent.add("a", 100, noon);
  EXPECT_EQ(spent.today("a", noon + 12h - 1ms), 100);
  EXPECT_EQ(spent.today("a", noon + 12h), 0);
  spent.add("a", 7, noon + 13h);
  EXPECT_EQ(spent.today("a", noon + 13h), 7);
}

TEST(daily_spending, never_shrinks) {
  daily_spending spent;
  spent.add("a", 100, noon);
  spent.add("a", -50, noon);
  EXPECT_EQ(spent.today("a", noon), 100);
}

TEST(daily_spending, tells_when_the_day_ends) {
  EXPECT_EQ(time_left_today(noon), 12h);
  EXPECT_EQ(time_left_today(noon + 12h), 24h);
  EXPECT_EQ(time_left_today(noon + 12h - 1ns), 1ms);
}

} // namespace
} // namespace ccapi::domain
