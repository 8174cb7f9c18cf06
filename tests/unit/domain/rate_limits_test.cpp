#include "domain/rate_limits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;

const wall_time now{1'000'000s};

rate_limit rejected(std::string type, wall_time resets_at = now + 1h) {
  return {.type = std::move(type),
          .status = rate_limit_status::rejected,
          .utilization = 1.0,
          .resets_at = resets_at};
}

struct stop_case {
  const char* what;
  rate_limit limit;
  std::string model;
  bool stops;
};

TEST(rate_limit, stops_the_turns_of_the_models_that_it_concerns) {
  auto allowed = rejected("five_hour");
  allowed.status = rate_limit_status::warning;
  auto overage = rejected("five_hour");
  overage.overage = true;
  auto endless = rejected("five_hour");
  endless.resets_at.reset();
  const stop_case cases[] = {
    {"the account's own", rejected("five_hour"), "claude-haiku-4-5", true},
    {"the account's own", rejected("seven_day"), "claude-opus-4-8", true},
    {"of another family", rejected("seven_day_opus"), "claude-sonnet-5", false},
    {"of its family", rejected("seven_day_opus"), "claude-opus-4-8", true},
    {"of its family", rejected("seven_day_sonnet"), "claude-sonnet-5", true},
    {"of what is included", rejected("seven_day_overage_included"), "claude-opus-4-8", false},
    {"of money alone", rejected("overage"), "claude-opus-4-8", false},
    {"a new one", rejected("one_minute"), "claude-opus-4-8", false},
    {"a warning", allowed, "claude-opus-4-8", false},
    {"gone beyond, for money", overage, "claude-opus-4-8", false},
    {"without a reset", endless, "claude-opus-4-8", false},
    {"reset by now", rejected("five_hour", now), "claude-opus-4-8", false},
    {"reset in a month", rejected("five_hour", now + 24h * 30), "claude-opus-4-8", false},
  };
  for (const auto& each : cases)
    EXPECT_EQ(stops(each.limit, each.model, now), each.stops)
      << each.what << ": " << each.limit.type << " and " << each.model;
}

TEST(rate_limits, the_last_reset_counts) {
  rate_limits limits;
  EXPECT_FALSE(limits.stopped_until("claude-opus-4-8", now));
  limits.note(rejected("five_hour", now + 1h));
  limits.note(rejected("seven_day_opus", now + 50h));
  EXPECT_EQ(limits.stopped_until("claude-opus-4-8", now), now + 50h);
  EXPECT_EQ(limits.stopped_until("claude-haiku-4-5", now), now + 1h);
  EXPECT_EQ(limits.stopped_until("claude-haiku-4-5", now + 1h), std::nullopt);
}

TEST(rate_limits, what_was_told_last_counts) {
  rate_limits limits;
  limits.note(rejected("five_hour"));
  limits.note({.type = "five_hour", .utilization = 0.1});
  EXPECT_FALSE(limits.stopped_until("claude-opus-4-8", now));
  ASSERT_EQ(limits.all().size(), 1U);
  EXPECT_EQ(limits.all().front().utilization, 0.1);
  limits.note(rejected("five_hour"));
  limits.forget(); // another CLI, maybe another account
  EXPECT_FALSE(limits.stopped_until("claude-opus-4-8", now));
}

TEST(rate_limits, keep_a_bounded_number_of_types) {
  rate_limits limits;
  for (int i = 0; i < 100; ++i)
    limits.note({.type = "type-" + std::to_string(i)});
  limits.note({.type = ""});
  EXPECT_EQ(limits.all().size(), rate_limits::types_max);
}

} // namespace
} // namespace ccapi::domain
