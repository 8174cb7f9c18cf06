#include "claude/launch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ccapi::claude {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

const std::vector<std::string> constants{
  "CLAUDE_AGENT_SDK_MCP_NO_PREFIX=1",
  "CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE=10000000",
  "CLAUDE_CODE_DISABLE_ATTACHMENTS=1",
  "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
  "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK=1",
  "CLAUDE_CODE_DISABLE_REFUSAL_RETRY=1",
  "CLAUDE_CODE_MAX_RETRIES=2",
  "DISABLE_AUTOUPDATER=1",
  "DISABLE_COMPACT=1",
  "MAX_MCP_OUTPUT_TOKENS=1000000000",
  "TERM=dumb",
};

TEST(launch, starts_a_process_without_tools_or_settings) {
  const auto argv = arguments({.model = "claude-opus-4-8[1m]", .bare = false});
  ASSERT_TRUE(argv.has_value());
  EXPECT_THAT(*argv, ElementsAre("-p", "--input-format=stream-json", "--output-format=stream-json",
                                 "--verbose", "--include-partial-messages",
                                 "--tools=", "--setting-sources=", "--strict-mcp-config",
                                 "--no-session-persistence",
                                 "--system-prompt=", "--model=claude-opus-4-8[1m]",
                                 "--allowedTools=mcp__client1,mcp__client2"));
}

TEST(launch, bare_is_one_more_flag) {
  const auto plain = arguments({.model = "sonnet", .bare = false});
  const auto bare = arguments({.model = "sonnet", .bare = true});
  ASSERT_TRUE(plain.has_value() && bare.has_value());
  EXPECT_THAT(*plain, Not(Contains("--bare")));
  EXPECT_THAT(*bare, Contains("--bare"));
}

TEST(launch, refuses_a_model_that_could_be_taken_for_something_else) {
  for (const std::string model :
       {"", "--version", "-p", "a b", "a\nb", "sonnet;id", "$(id)", "\xc3\xa9", "a\"b"}) {
    const auto argv = arguments({.model = model, .bare = false});
    ASSERT_FALSE(argv.has_value()) << model;
    EXPECT_EQ(argv.error().code, domain::error_code::invalid_request);
    EXPECT_EQ(argv.error().param, "model");
  }
}

TEST(launch, priming_tells_the_prompt_and_a_message_to_be_taken_back) {
  const auto what = priming_for("You \"cook\".", version{2, 1, 330});
  ASSERT_TRUE(what);
  EXPECT_TRUE(what->sets_prompt);
  EXPECT_EQ(std::count(what->lines.begin(), what->lines.end(), '\n'), 2);
  EXPECT_NE(what->lines.find(R"("You \"cook\".")"), std::string::npos);
  EXPECT_NE(what->lines.find(what->message), std::string::npos);
  EXPECT_NE(what->lines.find(R"("shouldQuery":false)"), std::string::npos);
}

TEST(launch, priming_leaves_out_what_can_not_be_taken_back) {
  for (const auto& cli : {std::optional<version>{{2, 1, 197}}, std::optional<version>{}}) {
    const auto what = priming_for("You cook.", cli);
    ASSERT_TRUE(what);
    EXPECT_EQ(what->message, "");
    EXPECT_EQ(std::count(what->lines.begin(), what->lines.end(), '\n'), 1);
    EXPECT_FALSE(priming_for("", cli)) << "argv has set the empty prompt";
  }
}

TEST(launch, priming_without_a_prompt_does_not_use_up_its_setting) {
  const auto what = priming_for("", version{2, 1, 330});
  ASSERT_TRUE(what);
  EXPECT_FALSE(what->sets_prompt);
  EXPECT_EQ(what->lines.find("initialize"), std::string::npos);
}

TEST(launch, priming_fits_into_a_pipe) {
  EXPECT_TRUE(priming_for(std::string(32'000, 'x'), version{2, 1, 330}));
  EXPECT_FALSE(priming_for(std::string(32'000, '"'), version{2, 1, 330}));
}

TEST(launch, an_empty_parent_gives_only_the_constants) {
  const char* const none[] = {nullptr};
  EXPECT_EQ(environment({"*"}, none, 2), constants);
  EXPECT_EQ(environment({"*"}, nullptr, 2), constants);
}

TEST(launch, only_allowed_variables_pass) {
  const char* const parent[] = {"HOME=/home/alice",
                                "PATH=/bin",
                                "ANTHROPIC_API_KEY=sk",
                                "LC_ALL=C",
                                "SECRET=s",
                                "HOMER=d",
                                "AWS_KEY=x",
                                "HOME=/elsewhere",
                                "broken",
                                "=x",
                                "LANG=",
                                nullptr};
  auto expected = constants;
  for (const auto* passed :
       {"HOME=/home/alice", "PATH=/bin", "ANTHROPIC_API_KEY=sk", "LC_ALL=C", "LANG="})
    expected.emplace_back(passed);
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(environment({"HOME", "PATH", "ANTHROPIC_*", "LC_*", "LANG"}, parent, 2), expected);
}

TEST(launch, some_variables_never_pass) {
  const char* const parent[] = {"CLAUDECODE=1",
                                "CLAUDECODE_X=1",
                                "NODE_OPTIONS=--require=x",
                                "LD_PRELOAD=x.so",
                                "LD_LIBRARY_PATH=/x",
                                "BUN_OPTIONS=--preload=x",
                                "CLAUDE_CODE__AUTH__API_KEYS=[\"k\"]",
                                "CLAUDE_CODE_ATTRIBUTION_HEADER=0",
                                nullptr};
  EXPECT_EQ(environment({"*", "CLAUDE*", "LD_PRELOAD", "NODE_OPTIONS", "CLAUDECODE",
                         "CLAUDE_CODE_ATTRIBUTION_HEADER"},
                        parent, 2),
            constants);
}

TEST(launch, the_constants_win_over_the_parent) {
  const char* const parent[] = {"CLAUDE_CODE_DISABLE_ATTACHMENTS=0", "TERM=xterm",
                                "CLAUDE_CODE_MAX_RETRIES=99", nullptr};
  EXPECT_EQ(environment({"*"}, parent, 2), constants);
}

TEST(launch, the_number_of_retries_is_handed_on) {
  EXPECT_THAT(environment({}, nullptr, 0), Contains("CLAUDE_CODE_MAX_RETRIES=0"));
}

TEST(launch, knows_whether_there_is_a_key) {
  EXPECT_TRUE(has_api_key({"A=1", "ANTHROPIC_API_KEY=k"}));
  EXPECT_TRUE(has_api_key({"ANTHROPIC_AUTH_TOKEN=t"}));
  EXPECT_FALSE(has_api_key({}));
  EXPECT_FALSE(has_api_key({"ANTHROPIC_API_KEY="}));
  EXPECT_FALSE(has_api_key({"ANTHROPIC_API_KEY_FILE=/k", "XANTHROPIC_API_KEY=k"}));
}

} // namespace
} // namespace ccapi::claude
