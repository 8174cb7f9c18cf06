#include "http/query.hpp"

#include <gtest/gtest.h>

namespace ccapi::http {
namespace {

TEST(query, finds_parameters_by_their_whole_name) {
  EXPECT_TRUE(has_query_parameter("verbose", "verbose"));
  EXPECT_TRUE(has_query_parameter("a=1&verbose=0&b", "verbose"));
  EXPECT_FALSE(has_query_parameter("", "verbose"));
  EXPECT_FALSE(has_query_parameter("verbosely=1&a=verbose", "verbose"));
}

TEST(query, reads_a_number_within_its_range) {
  EXPECT_EQ(*query_number("", "limit", 100, 1, 1000), 100u);
  EXPECT_EQ(*query_number("limits=5&x", "limit", 100, 1, 1000), 100u);
  EXPECT_EQ(*query_number("a&limit=7", "limit", 100, 1, 1000), 7u);
  EXPECT_EQ(*query_number("limit=1000", "limit", 100, 1, 1000), 1000u);
}

TEST(query, refuses_what_is_no_such_number) {
  for (const auto* query :
       {"limit", "limit=", "limit=0", "limit=1001", "limit=-1", "limit=+1", "limit= 1", "limit=1.0",
        "limit=1x", "limit=99999999999999999999999", "limit=1&limit=1", "limit=%31"}) {
    const auto number = query_number(query, "limit", 100, 1, 1000);
    ASSERT_FALSE(number) << query;
    EXPECT_EQ(number.error().param, "limit");
  }
}

} // namespace
} // namespace ccapi::http
