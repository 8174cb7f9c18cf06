#include "claude/capabilities.hpp"

#include <gtest/gtest.h>

namespace ccapi::claude {
namespace {

TEST(capabilities, reads_what_the_cli_says_about_its_version) {
  constexpr version expected{2, 1, 330};
  for (const std::string_view text :
       {"2.1.330 (Claude Code)\n", "2.1.330", "2.1.330\n", "2.1.330-beta.1", "2.1.330+build"})
    EXPECT_EQ(parse_version(text), expected) << text;
}

TEST(capabilities, anything_else_is_no_version) {
  for (const std::string_view text :
       {"", "claude", "2", "2.1", "2.1.", "2.1.x", "v2.1.330", " 2.1.330", "2.1.330x", "2.1.330.4",
        "2..330", "-2.1.330", "2.1.99999999999999999999"})
    EXPECT_EQ(parse_version(text), std::nullopt) << text;
}

TEST(capabilities, parts_are_compared_as_numbers) {
  EXPECT_EQ(check({2, 1, 197}), support::supported);
  EXPECT_EQ(check({2, 1, 332}), support::supported);
  EXPECT_EQ(check({2, 1, 200}), support::supported);
  EXPECT_EQ(check({2, 1, 196}), support::too_old);
  EXPECT_EQ(check({2, 1, 99}), support::too_old);
  EXPECT_EQ(check({1, 9, 999}), support::too_old);
  EXPECT_EQ(check({2, 1, 333}), support::untested_newer);
  EXPECT_EQ(check({2, 2, 0}), support::untested_newer);
  EXPECT_EQ(check({3, 0, 0}), support::untested_newer);
}

TEST(capabilities, a_version_reads_as_it_was_written) {
  EXPECT_EQ(to_string({2, 1, 330}), "2.1.330");
}

} // namespace
} // namespace ccapi::claude
