// How many processes are kept ready, and of which models.

#include "domain/pool/spare_pool.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;

class spares : public testing::Test {
protected:
  /// Starts what is wanted until nothing is, each ready at once.
  void fill(spare_pool& of) {
    while (const auto kind = of.wanted(now)) {
      of.started(++last, *kind, now);
      of.ready(last, now + 400ms);
    }
  }
  std::size_t count(spare_pool of, const std::string& model) {
    std::size_t found = 0;
    while (of.take({model}, plain))
      ++found;
    return found;
  }

  void want(const std::string& model, const tenant_prompt& prompt = {}) {
    pool.note_demand({model}, prompt, now);
  }

  std::optional<spare_pool::priming_wish> to_prime() {
    const auto wishes = pool.to_prime(now);
    EXPECT_LE(wishes.size(), 1U);
    return wishes.empty() ? std::nullopt : std::optional{wishes.front()};
  }

  /// Fills the pool and primes one spare for a cook.
  process_id prime() {
    fill(pool);
    want("sonnet", cook);
    want("sonnet", cook);
    const auto wish = to_prime();
    EXPECT_TRUE(wish);
    pool.primed(wish.value_or(spare_pool::priming_wish{}));
    return wish ? wish->process : 0;
  }

  const tenant_prompt plain{};
  const tenant_prompt cook{"home", "You cook."};
  steady_time now{1h};
  process_id last = 0;
  spare_pool pool{{.total_max = 6,
                   .per_kind_min = 2,
                   .per_kind_max = 4,
                   .kind_idle = 10min,
                   .boot_timeout = 30s,
                   .default_kind = process_kind{"sonnet"}}};
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
                   .per_kind_min = 2,
                   .per_kind_max = 4,
                   .kind_idle = 10min,
                   .boot_timeout = 30s,
                   .default_kind = process_kind{"sonnet"}});
  want("opus");
  fill(pool);
  EXPECT_EQ(count(pool, "opus"), 2U) << "it is in demand";
  EXPECT_EQ(count(pool, "sonnet"), 1U);
}

TEST_F(spares, more_are_kept_when_more_come) {
  EXPECT_EQ(pool.target({"sonnet"}, now), 2U);
  for (int i = 0; i < 60; ++i) // three a second, half a second each to boot
    pool.note_demand({"sonnet"}, plain, now += 333ms);
  EXPECT_EQ(pool.target({"sonnet"}, now), 4U);
  now += 60s;
  EXPECT_EQ(pool.target({"sonnet"}, now), 2U);
}

TEST_F(spares, model_without_demand_loses_its_spares_in_the_end) {
  want("opus");
  fill(pool);
  EXPECT_EQ(count(pool, "opus"), 2U);
  now += 11min;
  EXPECT_EQ(pool.surplus(now).size(), 2U);
  EXPECT_EQ(pool.target({"opus"}, now), 0U);
}

TEST_F(spares, ready_one_is_taken_before_one_that_boots) {
  pool.started(1, {"sonnet"}, now);
  pool.started(2, {"sonnet"}, now);
  pool.ready(2, now);
  EXPECT_EQ(pool.take({"sonnet"}, plain), 2U);
  EXPECT_EQ(pool.take({"sonnet"}, plain), 1U);
  EXPECT_FALSE(pool.take({"sonnet"}, plain));
  EXPECT_FALSE(pool.ready(1, now)) << "no spare any more";
}

TEST_F(spares, one_that_never_comes_up_is_given_up) {
  pool.started(1, {"sonnet"}, now);
  EXPECT_TRUE(pool.late(now + 29s).empty());
  EXPECT_EQ(pool.late(now + 31s), std::vector<process_id>{1});
  pool.ready(1, now + 31s);
  EXPECT_TRUE(pool.late(now + 40s).empty());
}

TEST_F(spares, the_one_least_asked_for_gives_way) {
  want("opus");
  pool.started(1, {"opus"}, now);
  pool.started(2, {"haiku"}, now);
  EXPECT_EQ(pool.sacrifice(now), 2U);
  pool.remove(2);
  EXPECT_EQ(pool.sacrifice(now), 1U);
  EXPECT_FALSE(spare_pool{pool.limits()}.sacrifice(now));
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

TEST_F(spares, one_is_told_the_usual_prompt_and_one_nothing) {
  fill(pool);
  EXPECT_FALSE(to_prime()) << "nobody has asked for anything yet";
  want("sonnet", cook);
  EXPECT_FALSE(to_prime()) << "once is no habit";
  want("sonnet", cook);
  const auto wish = to_prime();
  ASSERT_TRUE(wish);
  EXPECT_EQ(*wish->prompt, cook);
  pool.primed(*wish);
  EXPECT_EQ(pool.all_primed(), std::vector<process_id>{wish->process});
  EXPECT_FALSE(to_prime());
}

TEST_F(spares, primed_one_serves_its_own_prompt_and_tenant_only) {
  const auto process = prime();
  auto others = pool;
  EXPECT_EQ(pool.take({"sonnet"}, cook), process);
  EXPECT_NE(others.take({"sonnet"}, {"office", cook.text}), process);
  EXPECT_FALSE(others.take({"sonnet"}, plain));
  EXPECT_EQ(others.sacrifice(now), process) << "whom none can serve may have its place";
}

TEST_F(spares, the_only_one_and_those_that_boot_are_told_nothing) {
  auto few = pool.limits();
  few.total_max = 1;
  pool.set_limits(few);
  fill(pool);
  want("sonnet", cook);
  want("sonnet", cook);
  EXPECT_FALSE(to_prime());
  pool.started(11, {"sonnet"}, now);
  pool.started(12, {"sonnet"}, now);
  EXPECT_EQ(to_prime()->process, 1U) << "the one that is ready";
}

TEST_F(spares, no_more_are_primed_than_the_prompt_has_of_the_dialogues) {
  auto many = pool.limits();
  many.per_kind_min = 4;
  pool.set_limits(many);
  fill(pool);
  for (int i = 0; i < 4; ++i) {
    want("sonnet", cook);
    want("sonnet", {"home", std::to_string(i)});
  }
  std::size_t told = 0;
  while (const auto wish = to_prime()) {
    pool.primed(*wish);
    ++told;
  }
  EXPECT_EQ(told, 2U);
}

TEST_F(spares, each_model_has_its_own_habit) {
  for (int i = 0; i < 2; ++i) {
    want("sonnet", cook);
    want("opus", plain);
  }
  fill(pool);
  const auto wishes = pool.to_prime(now);
  ASSERT_EQ(wishes.size(), 2U);
  EXPECT_NE(*wishes[0].prompt, *wishes[1].prompt);
}

TEST_F(spares, one_whose_prompt_is_out_of_use_ends) {
  const auto process = prime();
  EXPECT_TRUE(pool.surplus(now).empty());
  now += 11min;
  EXPECT_FALSE(to_prime());
  EXPECT_EQ(pool.surplus(now), std::vector<process_id>{process});
}

TEST_F(spares, none_is_primed_if_that_is_not_wanted) {
  const auto process = prime();
  auto without = pool.limits();
  without.prime = false;
  pool.set_limits(without);
  EXPECT_EQ(pool.surplus(now), std::vector<process_id>{process});
  pool.remove(process);
  EXPECT_FALSE(to_prime());
}

} // namespace
} // namespace ccapi::domain
