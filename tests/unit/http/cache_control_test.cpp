// What a request's Cache-Control says to the response cache.

#include "http/wire/cache_control.hpp"

#include <gtest/gtest.h>

namespace ccapi::http {
namespace {

using namespace std::chrono_literals;

domain::cache_rules rules_of(std::initializer_list<std::string_view> values) {
  domain::cache_rules rules;
  for (const auto value : values)
    apply_cache_control(value, rules);
  return rules;
}

TEST(cache_control, by_default_everything_is_allowed) {
  for (const auto value : {"", "private", "max-stale=5", "no-transform", "no-cached", "nocache",
                           "max-age", ", ,", "x=\"no-store\""}) {
    const auto rules = rules_of({value});
    EXPECT_TRUE(rules.read && rules.keep && !rules.age_max) << value;
  }
}

TEST(cache_control, no_cache_wants_a_new_answer) {
  for (const auto value : {"no-cache", "NO-Cache", " no-cache ", "max-age=5 , no-cache"}) {
    EXPECT_FALSE(rules_of({value}).read) << value;
    EXPECT_TRUE(rules_of({value}).keep) << value;
  }
}

TEST(cache_control, no_store_wants_no_part_in_it) {
  for (const auto value : {"no-store", "private,no-store", "no-store, no-cache"})
    EXPECT_FALSE(rules_of({value}).read || rules_of({value}).keep) << value;
}

TEST(cache_control, max_age_bounds_the_age) {
  EXPECT_EQ(rules_of({"max-age=60"}).age_max, 60s);
  EXPECT_EQ(rules_of({"Max-Age = 0"}).age_max, 0s);
  EXPECT_EQ(rules_of({"max-age=99999999999999999999999"}).age_max, 2147483648s);
  for (const auto value : {"max-age=", "max-age=x", "max-age=-1", "max-age=1.5", "max-age=\"5\""})
    EXPECT_EQ(rules_of({value}).age_max, 0s) << value << ": what can't be read is stale";
}

TEST(cache_control, the_strictest_counts_of_several_fields) {
  EXPECT_EQ(rules_of({"max-age=60", "max-age=5, max-age=9"}).age_max, 5s);
  EXPECT_FALSE(rules_of({"no-cache", "max-age=60"}).read);
}

} // namespace
} // namespace ccapi::http
