#include "http/access/auth_failures.hpp"
#include "http/access/key_ring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ccapi::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* laptop_key = "the key of the laptop";

key_ring two_keys() {
  config::api_key laptop{.name = "laptop", .secret = {}, .sha256 = sha256_hex(laptop_key)};
  config::api_key ci{.name = "ci", .secret = "the-key-of-the-machine", .sha256 = {}};
  ci.admin = true;
  ci.max_concurrent = 2;
  return key_ring{{laptop, ci}, nullptr};
}

/// The name of the key that the request shows; empty for none.
std::string shown(const key_ring& keys, const head_fields& fields) {
  const auto* found = keys.identify(fields);
  return found ? found->name : std::string{};
}

TEST(key_ring, hashes_as_sha256sum_does) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(key_ring, knows_a_key_in_each_of_its_three_fields) {
  const auto keys = two_keys();
  head_fields fields;
  EXPECT_EQ(shown(keys, fields), "");
  fields.authorization = "Bearer the-key-of-the-machine";
  EXPECT_EQ(shown(keys, fields), "ci");
  fields.authorization = "bearer   the-key-of-the-machine ";
  EXPECT_EQ(shown(keys, fields), "ci");
  fields = {};
  fields.x_api_key = laptop_key;
  EXPECT_EQ(shown(keys, fields), "laptop");
  fields = {};
  fields.api_key = laptop_key;
  EXPECT_EQ(shown(keys, fields), "laptop");
  fields.authorization = "Bearer not-needed";
  EXPECT_EQ(shown(keys, fields), "laptop") << "a placeholder beside it does no harm";
}

TEST(key_ring, takes_nothing_else_for_a_key) {
  const auto keys = two_keys();
  for (const auto* text :
       {"", "Bearer", "Bearer ", "Bearer the-key-of-the-machin", "Bearer the-key-of-the-machine2",
        "the-key-of-the-machine", "Basic the-key-of-the-machine", "(repeated)",
        "Bearer the-key-of-the-machine, Bearer the-key-of-the-machine"}) {
    head_fields fields;
    fields.authorization = text;
    EXPECT_EQ(shown(keys, fields), "") << text;
  }
}

TEST(key_ring, limits_the_turns_of_a_key_and_keeps_count_over_a_reload) {
  const auto before = two_keys();
  head_fields fields;
  fields.x_api_key = "the-key-of-the-machine";
  const auto usage = before.identify(fields)->usage;
  auto first = usage->begin_turn(2);
  auto second = usage->begin_turn(2);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(usage->begin_turn(2));
  EXPECT_TRUE(usage->begin_turn(0)) << "0 = no limit";
  const key_ring after{{{.name = "ci", .secret = "another-key-of-the-machine", .sha256 = {}}},
                       &before};
  fields.x_api_key = "another-key-of-the-machine";
  EXPECT_FALSE(after.identify(fields)->usage->begin_turn(2));
  first.reset();
  EXPECT_TRUE(after.identify(fields)->usage->begin_turn(2));
}

TEST(key_usage, gives_a_minutes_worth_at_once_and_then_one_after_the_other) {
  key_usage usage;
  auto now = std::chrono::steady_clock::time_point{} + std::chrono::hours{1};
  for (std::uint32_t left = 60; left-- > 0;) {
    const auto rate = usage.count_request(60, now);
    EXPECT_FALSE(rate.wait);
    EXPECT_EQ(rate.left, left);
  }
  const auto refused = usage.count_request(60, now);
  ASSERT_TRUE(refused.wait);
  EXPECT_LE(*refused.wait, milliseconds{1001});
  now += seconds{1};
  EXPECT_FALSE(usage.count_request(60, now).wait);
  EXPECT_TRUE(usage.count_request(60, now).wait);
}

TEST(auth_failures, refuses_an_address_for_a_while_and_no_other) {
  auth_failures failures;
  auto now = std::chrono::steady_clock::time_point{} + std::chrono::hours{1};
  for (int i = 0; i < 20; ++i)
    EXPECT_FALSE(failures.failed("192.0.2.7", 20, now)) << i;
  EXPECT_TRUE(failures.failed("192.0.2.7", 20, now));
  EXPECT_FALSE(failures.failed("192.0.2.8", 20, now));
  now += seconds{3};
  EXPECT_FALSE(failures.failed("192.0.2.7", 20, now));
}

TEST(auth_failures, counts_ipv6_by_network) {
  EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), network_of("2001:db8:1:2::9"));
  EXPECT_NE(network_of("2001:db8:1:2::9"), network_of("2001:db8:1:3::9"));
  EXPECT_EQ(network_of("192.0.2.7"), "192.0.2.7");
}

TEST(auth_failures, stays_bounded_and_still_counts) {
  auth_failures failures;
  const auto now = std::chrono::steady_clock::time_point{} + std::chrono::hours{1};
  for (std::size_t i = 0; i < auth_failures::addresses_max; ++i)
    failures.failed("host" + std::to_string(i), 20, now);
  std::size_t refused = 0;
  for (int i = 0; i < 100; ++i)
    refused += failures.failed("late" + std::to_string(i), 20, now) ? 1 : 0;
  EXPECT_EQ(refused, 80U) << "newcomers share a bucket";
}

} // namespace
} // namespace ccapi::http
