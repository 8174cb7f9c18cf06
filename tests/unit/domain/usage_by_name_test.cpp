#include "domain/metrics/usage_by_name.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ccapi::domain {
namespace {

TEST(usage_by_name, adds_up_by_name_and_over_threads) {
  usage_by_name one;
  one.add("opus", {.turns = 1, .prompt_tokens = 10, .completion_tokens = 2});
  one.add("opus", {.cost_micro_usd = 50});
  usage_by_name two;
  two.add("opus", {.turns = 2});
  two.add("haiku", {.cost_micro_usd = 7});
  one += two;
  EXPECT_EQ(one.entries().at("opus"), (usage_figures{3, 10, 2, 50}));
  EXPECT_EQ(one.entries().at("haiku").cost_micro_usd, 7U);
}

TEST(usage_by_name, names_without_end_count_together) {
  usage_by_name usage;
  constexpr std::size_t more = 10;
  for (std::size_t i = 0; i < usage_by_name::names_max + more; ++i)
    usage.add("model-" + std::to_string(i), {.turns = 1});
  EXPECT_EQ(usage.entries().size(), usage_by_name::names_max + 1);
  const auto others = usage.entries().find(usage_by_name::others);
  ASSERT_NE(others, usage.entries().end());
  EXPECT_EQ(others->second.turns, more);
  usage.add("model-3", {.turns = 1});
  EXPECT_EQ(usage.entries().at("model-3").turns, 2U) << "one that is known still counts by itself";
}

} // namespace
} // namespace ccapi::domain
