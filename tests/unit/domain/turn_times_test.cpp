#include "domain/metrics/turn_times.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

const steady_time start{100h};

TEST(duration_window, holds_what_is_younger_than_its_length) {
  duration_window window{1min};
  window.add(10us, start);
  window.add(30us, start + 30s);
  EXPECT_EQ(window.all(start + 30s).count(), 2U);
  EXPECT_EQ(window.all(start + 54s).count(), 2U) << "nothing is older than eleven twelfths";
  EXPECT_EQ(window.all(start + 65s).count(), 1U);
  EXPECT_EQ(window.all(start + 65s).longest(), 30us);
  EXPECT_EQ(window.all(start + 90s).count(), 0U);
  EXPECT_EQ(window.all(start + 10h).count(), 0U);
}

TEST(duration_window, a_new_round_forgets_the_last_one) {
  duration_window window{1min};
  for (int second = 0; second < 600; ++second)
    window.add(microseconds{second}, start + std::chrono::seconds{second});
  const auto all = window.all(start + 599s);
  EXPECT_EQ(all.count(), 60U);
  EXPECT_EQ(all.longest(), 599us);
}

TEST(turn_times, each_window_forgets_at_its_own_time) {
  turn_times times;
  times.add(turn_time::wait, 5us, start);
  times.add(turn_time::total, 7us, start + 3min);
  const auto recent = times.recent(start + 4min);
  ASSERT_EQ(recent.size(), 3U);
  EXPECT_EQ(recent[0].minutes, 1U);
  EXPECT_EQ(recent[0][turn_time::wait].count(), 0U);
  EXPECT_EQ(recent[0][turn_time::total].count(), 0U);
  EXPECT_EQ(recent[1][turn_time::wait].count(), 1U);
  EXPECT_EQ(recent[1][turn_time::total].count(), 1U);
  EXPECT_EQ(recent[1][turn_time::first].count(), 0U);
  EXPECT_EQ(recent[2].minutes, 60U);
  EXPECT_EQ(times.recent(start + 30min)[2][turn_time::total].longest(), 7us);
}

TEST(turn_times, windows_of_threads_add_up) {
  turn_times one;
  turn_times two;
  one.add(turn_time::boot, 1ms, start);
  two.add(turn_time::boot, 9ms, start);
  std::vector<recent_times> sum;
  add(sum, one.recent(start));
  add(sum, two.recent(start));
  add(sum, {}); // of the supervisor, which has none
  EXPECT_EQ(sum[0][turn_time::boot].count(), 2U);
  EXPECT_EQ(sum[2][turn_time::boot].longest(), 9ms);
}

} // namespace
} // namespace ccapi::domain
