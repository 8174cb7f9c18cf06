// What waits for the store.

#include "domain/store/backlog.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

TEST(store_backlog, has_room_up_to_its_limit_and_for_one_in_any_case) {
  store_backlog backlog{100};
  auto large = backlog.take(500);
  EXPECT_TRUE(large) << "nothing else waits";
  EXPECT_FALSE(backlog.take(1));
  large.reset();
  const auto first = backlog.take(60);
  EXPECT_TRUE(first);
  EXPECT_FALSE(backlog.take(41));
  EXPECT_TRUE(backlog.take(40));
}

TEST(store_backlog, leaves_three_quarters_to_what_must_not_be_left_out) {
  store_backlog backlog{100};
  EXPECT_FALSE(backlog.take_little(26)) << "although nothing else waits";
  const auto first = backlog.take_little(20);
  EXPECT_TRUE(first);
  EXPECT_FALSE(backlog.take_little(6));
  EXPECT_TRUE(backlog.take_little(5));
  EXPECT_TRUE(backlog.take(80));
  const auto turns = backlog.take(10);
  EXPECT_FALSE(backlog.take_little(1)) << "turns count as well";
  backlog.set_limit(1000);
  EXPECT_TRUE(backlog.take_little(200));
}

} // namespace
} // namespace ccapi::domain
