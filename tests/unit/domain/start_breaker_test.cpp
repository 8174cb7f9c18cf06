// When processes do not come up, starting more is pointless for a while.

#include "domain/pool/start_breaker.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;

const steady_time start{};

start_breaker made() {
  return start_breaker{{.failures_max = 3, .period = 10s, .pause = 5s, .pause_max = 20s}};
}

void fail(start_breaker& breaker, steady_time now, int times = 1) {
  for (int n = 0; n < times; ++n)
    breaker.failed(now, 0);
}

TEST(start_breaker, opens_when_too_many_starts_fail_within_the_period) {
  auto breaker = made();
  fail(breaker, start, 2);
  EXPECT_TRUE(breaker.allows(start));
  EXPECT_EQ(breaker.retry_after(start), 0ms);
  fail(breaker, start + 10s);
  EXPECT_TRUE(breaker.open());
  EXPECT_FALSE(breaker.allows(start + 11s));
  EXPECT_EQ(breaker.retry_after(start + 11s), 4s);
}

TEST(start_breaker, failures_that_lie_apart_do_not_open_it) {
  auto breaker = made();
  for (int n = 0; n < 20; ++n)
    fail(breaker, start + n * 6s);
  EXPECT_FALSE(breaker.open());
}

TEST(start_breaker, a_success_in_between_forgives) {
  auto breaker = made();
  fail(breaker, start, 2);
  breaker.succeeded();
  fail(breaker, start, 2);
  EXPECT_FALSE(breaker.open());
}

TEST(start_breaker, tries_one_start_after_the_pause) {
  auto breaker = made();
  fail(breaker, start, 3);
  EXPECT_TRUE(breaker.allows(start + 5s));
  EXPECT_FALSE(breaker.allows(start + 6s));
  breaker.succeeded();
  EXPECT_TRUE(breaker.allows(start + 6s));
  EXPECT_FALSE(breaker.open());
}

TEST(start_breaker, each_failed_trial_doubles_the_pause_up_to_the_longest) {
  auto breaker = made();
  fail(breaker, start, 3);
  auto now = start;
  for (const auto pause : {5s, 10s, 20s, 20s}) {
    EXPECT_FALSE(breaker.allows(now + pause - 1ms));
    now += pause;
    EXPECT_TRUE(breaker.allows(now));
    fail(breaker, now);
  }
  breaker.succeeded();
  fail(breaker, now, 3);
  EXPECT_TRUE(breaker.allows(now + 5s));
}

TEST(start_breaker, stragglers_do_not_lengthen_the_pause) {
  auto breaker = made();
  fail(breaker, start, 3);
  fail(breaker, start + 2s, 4);
  EXPECT_TRUE(breaker.allows(start + 5s));
}

TEST(start_breaker, a_trial_without_an_outcome_is_followed_by_another) {
  auto breaker = made();
  fail(breaker, start, 3);
  EXPECT_TRUE(breaker.allows(start + 5s));
  EXPECT_FALSE(breaker.allows(start + 9s));
  EXPECT_TRUE(breaker.allows(start + 10s));
}

TEST(start_breaker, chance_spreads_the_trials_of_many_gateways) {
  auto breaker = made();
  for (int n = 0; n < 3; ++n)
    breaker.failed(start, 0.8);
  EXPECT_FALSE(breaker.allows(start + 5s));
  EXPECT_TRUE(breaker.allows(start + 6s));
}

} // namespace
} // namespace ccapi::domain
