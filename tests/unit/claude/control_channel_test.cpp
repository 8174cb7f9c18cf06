#include "claude/control_channel.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ccapi::claude {
namespace {

using namespace std::chrono_literals;

constexpr control_channel::time_point start{};

TEST(control_channel, an_answer_finds_its_call_once) {
  control_channel channel;
  const auto version = channel.begin(control_call::get_binary_version, start + 1s);
  const auto setup = channel.begin(control_call::initialize, start + 1s);
  EXPECT_NE(version, setup);
  EXPECT_EQ(channel.finish(setup), control_call::initialize);
  EXPECT_EQ(channel.finish(version), control_call::get_binary_version);
  EXPECT_EQ(channel.finish(version), std::nullopt);
  EXPECT_EQ(channel.pending(), 0U);
}

TEST(control_channel, answers_to_nothing_are_ignored) {
  control_channel channel;
  const auto id = channel.begin(control_call::interrupt, start + 1s);
  for (const std::string_view stranger : {"", "1", "gateway-", "gateway-99", "gateway-1 ", "req_1"})
    EXPECT_EQ(channel.finish(stranger), std::nullopt) << stranger;
  EXPECT_EQ(channel.finish(id), control_call::interrupt);
}

TEST(control_channel, calls_expire_in_the_order_of_their_deadlines) {
  control_channel channel;
  channel.begin(control_call::initialize, start + 3s);
  const auto late = channel.begin(control_call::interrupt, start + 1s);
  EXPECT_EQ(channel.next_deadline(), start + 1s);
  EXPECT_EQ(channel.expired(start + 999ms), std::nullopt);
  EXPECT_EQ(channel.expired(start + 1s), control_call::interrupt);
  EXPECT_EQ(channel.finish(late), std::nullopt) << "too late";
  EXPECT_EQ(channel.expired(start + 1s), std::nullopt);
  EXPECT_EQ(channel.next_deadline(), start + 3s);
  EXPECT_EQ(channel.expired(start + 9s), control_call::initialize);
  EXPECT_EQ(channel.next_deadline(), std::nullopt);
}

TEST(control_channel, refuses_calls_to_a_cli_that_never_answers) {
  control_channel channel;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < control_channel::pending_max; ++i)
    ids.insert(channel.begin(control_call::interrupt, start + 1s));
  EXPECT_EQ(ids.size(), control_channel::pending_max) << "ids are unique";
  EXPECT_EQ(channel.begin(control_call::interrupt, start + 1s), "");
  EXPECT_EQ(channel.pending(), control_channel::pending_max);
  EXPECT_TRUE(channel.finish(*ids.begin()).has_value());
  EXPECT_EQ(ids.count(channel.begin(control_call::interrupt, start + 1s)), 0U)
    << "ids are never used again";
}

} // namespace
} // namespace ccapi::claude
