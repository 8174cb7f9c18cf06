// How many processes are kept ready, and of which models.

#include "domain/spare_pool.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;

class spares : public testing::Test {
protected:
  /// Starts what is wanted until nothing is, each ready at once.
  void fill(spare_pool& of) {
    while (const auto model = of.wanted(now)) {
      of.started(++last, *model, now);
      of.ready(last, now + 400ms);
    }
  }
  std::size_t count(spare_pool of, const std::string& model) {
    std::size_t found = 0;
    while (of.take(model))
      ++found;
    return found;
  }

  steady_time now{1h};
  process_id last = 0;
  spare_pool pool{{.total_max = 6,
                   .per_model_min = 2,
                   .per_model_max = 4,
                   .model_idle = 10min,
                   .boot_timeout = 30s,
                   .default_model = "sonnet"}};
};

TEST_F(spares, default_model_has_some_from_the_start) {
  fill(pool);
  EXPECT_EQ(count(pool, "sonnet"), 2U);
  EXPECT_EQ(pool.ready_count(), 2U);
}

TEST_F(spares, one_boots_at_a_time) {
  pool.started(1, *pool.wanted(now), now);
  EXPECT_FALSE(pool.wanted(now));
  pool.ready(1, now + 400ms);
  EXPECT_TRUE(pool.wanted(now));
}

TEST_F(spares, every_model_in_use_gets_one_before_any_gets_more) {
  pool.set_limits({.total_max = 3,
                   .per_model_min = 2,
                   .per_model_max = 4,
                   .model_idle = 10min,
                   .boot_timeout = 30s,
                   .default_model = "sonnet"});
  pool.note_demand("opus", now);
  fill(pool);
  EXPECT_EQ(count(pool, "opus"), 2U) << "it is in demand";
  EXPECT_EQ(count(pool, "sonnet"), 1U);
}

TEST_F(spares, more_are_kept_when_more_come) {
  EXPECT_EQ(pool.target("sonnet", now), 2U);
  for (int i = 0; i < 60; ++i) // three a second, half a second each to boot
    pool.note_demand("sonnet", now += 333ms);
  EXPECT_EQ(pool.target("sonnet", now), 4U);
  now += 60s;
  EXPECT_EQ(pool.target("sonnet", now), 2U);
}

TEST_F(spares, model_without_demand_loses_its_spares_in_the_end) {
  pool.note_demand("opus", now);
  fill(pool);
  EXPECT_EQ(count(pool, "opus"), 2U);
  now += 11min;
  EXPECT_EQ(pool.surplus(now).size(), 2U);
  EXPECT_EQ(pool.target("opus", now), 0U);
}

TEST_F(spares, ready_one_is_taken_before_one_that_boots) {
  pool.started(1, "sonnet", now);
  pool.started(2, "sonnet", now);
  pool.ready(2, now);
  EXPECT_EQ(pool.take("sonnet"), 2U);
  EXPECT_EQ(pool.take("sonnet"), 1U);
  EXPECT_FALSE(pool.take("sonnet"));
  EXPECT_FALSE(pool.ready(1, now)) << "no spare any more";
}

TEST_F(spares, one_that_never_comes_up_is_given_up) {
  pool.started(1, "sonnet", now);
  EXPECT_TRUE(pool.late(now + 29s).empty());
  EXPECT_EQ(pool.late(now + 31s), std::vector<process_id>{1});
  pool.ready(1, now + 31s);
  EXPECT_TRUE(pool.late(now + 40s).empty());
}

TEST_F(spares, another_model_gives_way_the_one_least_asked_for) {
  pool.note_demand("opus", now);
  pool.started(1, "opus", now);
  pool.started(2, "haiku", now);
  EXPECT_EQ(pool.sacrifice("sonnet", now), 2U);
  EXPECT_EQ(pool.sacrifice("haiku", now), 1U);
  EXPECT_FALSE(spare_pool{pool.limits()}.sacrifice("sonnet", now));
}

TEST_F(spares, lower_limits_take_away_the_newest) {
  fill(pool);
  auto fewer = pool.limits();
  fewer.total_max = 1;
  pool.set_limits(fewer);
  EXPECT_EQ(pool.surplus(now), std::vector<process_id>{2});
  fewer.total_max = 0;
  pool.set_limits(fewer);
  EXPECT_EQ(pool.surplus(now).size(), 2U);
  EXPECT_FALSE(pool.wanted(now));
}

} // namespace
} // namespace ccapi::domain
