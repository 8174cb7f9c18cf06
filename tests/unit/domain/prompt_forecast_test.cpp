// Which system prompt comes next.

#include "domain/pool/prompt_forecast.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;

class forecast : public testing::Test {
protected:
  void note(const std::string& text, const std::string& tenant = "home") {
    prompts.note({tenant, text}, now += 1s);
  }
  std::string next() const {
    const auto guess = prompts.next();
    return guess.prompt ? guess.prompt->text : "?";
  }

  steady_time now{1h};
  prompt_forecast prompts;
};

TEST_F(forecast, goes_by_habits) {
  EXPECT_EQ(next(), "?");
  note("a");
  EXPECT_EQ(next(), "?");
  note("a");
  EXPECT_EQ(next(), "a");
  note("b");
  note("b");
  note("b");
  EXPECT_EQ(next(), "b");
}

TEST_F(forecast, dialogues_without_a_prompt_are_a_habit_too) {
  note("");
  note("");
  EXPECT_EQ(next(), "");
}

TEST_F(forecast, tells_nothing_where_every_dialogue_is_different) {
  for (int i = 0; i < 20; ++i)
    note(i % 3 == 0 ? "a" : std::to_string(i));
  EXPECT_EQ(next(), "?");
}

TEST_F(forecast, tenants_with_equal_prompts_stay_apart) {
  note("a", "home");
  note("a", "office");
  EXPECT_EQ(next(), "?");
  note("a", "office");
  EXPECT_EQ(prompts.next().prompt->tenant, "office");
}

TEST_F(forecast, share_counts_what_else_came) {
  for (const auto* text : {"a", "b", "a", "c"})
    note(text);
  EXPECT_DOUBLE_EQ(prompts.next().share, 0.5);
}

TEST_F(forecast, forgets_what_is_long_ago) {
  note("a");
  note("a");
  for (int i = 0; i < 16; ++i)
    note(std::to_string(i));
  EXPECT_FALSE(prompts.find({"home", "a"}));
  note("b");
  note("b");
  prompts.forget_before(now);
  EXPECT_EQ(next(), "?");
  EXPECT_TRUE(prompts.find({"home", "b"}));
}

TEST_F(forecast, long_prompts_are_not_kept_but_count) {
  const std::string longest(prompt_forecast::prompt_bytes_max, 'x');
  note(longest);
  note(longest);
  EXPECT_EQ(next(), longest);
  for (int i = 0; i < 3; ++i)
    note(longest + "x");
  EXPECT_EQ(next(), "?");
  EXPECT_FALSE(prompts.find({"home", longest + "x"}));
}

} // namespace
} // namespace ccapi::domain
