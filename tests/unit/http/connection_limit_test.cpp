// How many connections there may be, in all and of one address.

#include "http/connection_limit.hpp"

#include <gtest/gtest.h>

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

} // namespace
} // namespace ccapi::http
