#include "domain/metrics/duration_histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace ccapi::domain {
namespace {

using std::chrono::microseconds;

TEST(duration_histogram, is_empty_at_first) {
  const duration_histogram none;
  EXPECT_EQ(none.count(), 0U);
  EXPECT_EQ(none.quantile(0.5), microseconds{0});
}

TEST(duration_histogram, tells_what_is_at_most_a_quarter_too_high) {
  std::mt19937 dice{7};
  std::lognormal_distribution<double> times{8, 3};
  std::vector<std::int64_t> all;
  duration_histogram one;
  duration_histogram two;
  for (int i = 0; i < 10'000; ++i) {
    all.push_back(std::min<std::int64_t>(static_cast<std::int64_t>(times(dice)), 100'000'000));
    (i % 2 ? one : two).add(microseconds{all.back()});
  }
  one += two;
  std::sort(all.begin(), all.end());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    const auto exact = all[static_cast<std::size_t>(share * 10'000) - 1];
    const auto told = one.quantile(share).count();
    EXPECT_GE(told, exact) << share;
    EXPECT_LE(static_cast<double>(told), std::max(1.0, 1.25 * static_cast<double>(exact))) << share;
  }
  EXPECT_EQ(one.quantile(1), one.longest());
  EXPECT_EQ(one.count(), 10'000U);
}

TEST(duration_histogram, tells_how_many_were_below_a_power_of_two) {
  duration_histogram some;
  for (const auto time : {0, 1, 255, 256, 1023, 1024, 200'000'000})
    some.add(microseconds{time});
  EXPECT_EQ(some.below(8), 3U);
  EXPECT_EQ(some.below(10), 5U);
  EXPECT_EQ(some.below(11), 6U);
  EXPECT_EQ(some.below(27), 6U) << "what is beyond is only in the count";
  EXPECT_EQ(some.count(), 7U);
  EXPECT_EQ(some.sum(), microseconds{200'002'559});
}

TEST(duration_histogram, takes_what_is_out_of_range) {
  duration_histogram some;
  some.add(microseconds{-5});
  some.add(std::chrono::hours{1});
  EXPECT_EQ(some.count(), 2U);
  EXPECT_EQ(some.quantile(1), std::chrono::hours{1});
}

} // namespace
} // namespace ccapi::domain
