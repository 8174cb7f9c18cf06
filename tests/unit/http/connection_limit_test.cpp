// How many connections there may be, in all and of one address.

#include "http/wire/connection_limit.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ccapi::http {
namespace {

TEST(connection_limit, counts_each_foreign_address_by_itself) {
  const auto limit = std::make_shared<connection_limit>(10, 2);
  const auto first = limit->admit("192.0.2.1");
  auto second = limit->admit("192.0.2.1");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(limit->admit("192.0.2.1"));
  EXPECT_TRUE(limit->admit("192.0.2.2"));
  second.reset();
  EXPECT_TRUE(limit->admit("192.0.2.1"));
}

TEST(connection_limit, counts_loopback_in_all_only) {
  const auto limit = std::make_shared<connection_limit>(3, 1);
  const auto first = limit->admit("");
  const auto second = limit->admit("");
  const auto third = limit->admit("192.0.2.1");
  EXPECT_TRUE(first && second && third);
  EXPECT_FALSE(limit->admit(""));
  EXPECT_EQ(limit->count(), 3u);
}

TEST(connection_limit, other_limits_hold_from_the_next_connection_on) {
  const auto limit = std::make_shared<connection_limit>(10, 1);
  const auto first = limit->admit("192.0.2.1");
  EXPECT_FALSE(limit->admit("192.0.2.1"));
  limit->set(10, 2);
  const auto second = limit->admit("192.0.2.1");
  EXPECT_TRUE(second);
  limit->set(1, 2);
  EXPECT_FALSE(limit->admit("192.0.2.2"));
  EXPECT_EQ(limit->count(), 2u);
}

TEST(connection_limit, has_a_few_places_to_be_refused_from) {
  const auto limit = std::make_shared<connection_limit>(1, 1);
  std::vector<connection_limit::place> refused;
  for (std::uint32_t i = 0; i < connection_limit::refused_max; ++i)
    if (auto place = limit->admit_to_refusal())
      refused.push_back(*std::move(place));
  EXPECT_EQ(refused.size(), connection_limit::refused_max);
  EXPECT_FALSE(limit->admit_to_refusal());
  EXPECT_EQ(limit->count(), 0u);
  bool empty = false;
  limit->when_empty([&] { empty = true; });
  EXPECT_FALSE(empty);
  refused.pop_back();
  EXPECT_TRUE(limit->admit_to_refusal());
  EXPECT_FALSE(empty);
  refused.clear();
  EXPECT_TRUE(empty);
}

} // namespace
} // namespace ccapi::http
