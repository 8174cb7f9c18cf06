// How often a lost turn is run again.

#include "domain/turn/retry.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;

TEST(retry, a_turn_is_run_again_as_often_as_allowed_and_no_more) {
  retry_budget budget{20};
  const retry_options once{.attempts_max = 1};
  EXPECT_TRUE(next_retry(once, budget, 1, 0));
  EXPECT_FALSE(next_retry(once, budget, 2, 0));
  EXPECT_FALSE(next_retry({.attempts_max = 0}, budget, 1, 0));
}

TEST(retry, waits_longer_each_time_and_never_in_step) {
  retry_budget budget{100};
  const retry_options options{.attempts_max = 20, .backoff = 100ms};
  EXPECT_EQ(next_retry(options, budget, 1, 0.0), 50ms);
  EXPECT_EQ(next_retry(options, budget, 1, 0.5), 75ms);
  EXPECT_EQ(next_retry(options, budget, 2, 0.0), 100ms);
  EXPECT_EQ(next_retry(options, budget, 7, 0.0), 3200ms);
  EXPECT_EQ(next_retry(options, budget, 20, 0.0), 3200ms);
}

TEST(retry, when_everything_fails_most_turns_are_not_run_again) {
  retry_budget budget{20};
  const retry_options once{.attempts_max = 1};
  int retried = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    budget.on_turn();
    retried += next_retry(once, budget, 1, 0) ? 1 : 0;
  }
  EXPECT_NEAR(retried, 200, 15);
}

TEST(retry, good_times_do_not_save_up_for_a_storm) {
  retry_budget budget{20};
  for (int turn = 0; turn < 100'000; ++turn)
    budget.on_turn();
  int in_hand = 0;
  while (budget.take())
    ++in_hand;
  EXPECT_EQ(in_hand, static_cast<int>(retry_budget::reserve));
}

TEST(retry, budgets_share_the_reserve_and_have_one_at_least) {
  retry_budget one_of_two{20, 2};
  retry_budget one_of_many{20, 64};
  for (int n = 0; n < 5; ++n)
    EXPECT_TRUE(one_of_two.take());
  EXPECT_FALSE(one_of_two.take());
  EXPECT_TRUE(one_of_many.take());
  EXPECT_FALSE(one_of_many.take());
}

TEST(retry, no_budget_means_no_retry) {
  retry_budget budget{0};
  budget.on_turn();
  EXPECT_FALSE(next_retry({.attempts_max = 3}, budget, 1, 0));
}

} // namespace
} // namespace ccapi::domain
