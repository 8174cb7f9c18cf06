#include "load_fixture.hpp"

#include <gmock/gmock.h>

// API keys and the pages that may use the gateway, from all places where they may stand.

namespace ccapi::config {
namespace {

using test::load_test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
TEST_F(load_test, keys_that_would_protect_nothing_stop_the_start) {
  directory.put("config/local.toml", "[auth]\nsecret_key = \"canary-secret\"\n");
  const auto problems = must_fail();
  EXPECT_THAT(problems, ElementsAre(HasSubstr("config/local.toml:2: auth.secret_key is no key")));
  EXPECT_THAT(problems.front(), Not(HasSubstr("canary-secret")));
}

TEST_F(load_test, api_keys_come_from_hashes_variables_files_and_lists) {
  directory.put("config/local.toml", R"(
[[auth.keys]]
name = "laptop"
sha256 = ")" + std::string(64, 'A') + R"("
admin = true
[[auth.keys]]
name = "ci"
env = "CI_KEY"
max_concurrent = 2
requests_per_minute = 60
budget_usd_per_day = 2.5
[[auth.keys]]
name = "web"
file = "web.key"
budget_usd_per_day = 3
)");
  directory.put("web.key", "the-key-of-the-web-page\n");
  options.environment = {"CI_KEY=the-key-of-the-machine",
                         R"(CLAUDE_CODE__AUTH__API_KEYS=["one-more-long-key"])"};
  const auto keys = must_load().values.auth.accepted;
  ASSERT_EQ(keys.size(), 4U);
  const api_key laptop{.name = "laptop",
                       .secret = "",
                       .sha256 = std::string(64, 'a'),
                       .profile = "chat",
                       .admin = true,
                       .max_concurrent = 0,
                       .requests_per_minute = 0};
  EXPECT_EQ(keys[0], laptop);
  EXPECT_EQ(keys[1].secret, "the-key-of-the-machine");
  EXPECT_EQ(keys[1].max_concurrent, 2U);
  EXPECT_EQ(keys[1].requests_per_minute, 60U);
  EXPECT_EQ(keys[1].budget_micro_usd_per_day, 2'500'000);
  EXPECT_EQ(keys[2].budget_micro_usd_per_day, 3'000'000);
  EXPECT_EQ(keys[3].budget_micro_usd_per_day, 0);
  EXPECT_EQ(keys[2].secret, "the-key-of-the-web-page");
  EXPECT_EQ(keys[3].name, "key-1");
  EXPECT_EQ(keys[3].secret, "one-more-long-key");
}

TEST_F(load_test, variable_of_an_api_key_must_not_be_one_that_the_cli_is_handed) {
  options.environment = {
    "ANTHROPIC_GATEWAY_KEY=canary-canary-canary",
    R"(CLAUDE_CODE__AUTH__KEYS=[{"name": "a", "env": "ANTHROPIC_GATEWAY_KEY"}])"};
  EXPECT_THAT(must_fail(),
              ElementsAre(AllOf(HasSubstr("entry a: names the variable ANTHROPIC_GATEWAY_KEY"),
                                HasSubstr("claude.env_allow"), Not(HasSubstr("canary")))));
  options.environment.emplace_back(
    R"(CLAUDE_CODE__CLAUDE__ENV_ALLOW=["PATH", "ANTHROPIC_API_KEY"])");
  EXPECT_EQ(must_load().values.auth.accepted.at(0).secret, "canary-canary-canary");
}

TEST_F(load_test, unusable_api_keys_are_all_named_and_never_shown) {
  directory.put("config/local.toml", R"(
[[auth.keys]]
name = "a"
env = "NOT_SET"
[[auth.keys]]
name = "b"
file = "missing.key"
[[auth.keys]]
name = "c"
env = "WEAK"
[[auth.keys]]
name = "c"
sha256 = ")" + std::string(64, 'a') + R"("
)");
  options.environment = {"WEAK=canary", R"(CLAUDE_CODE__AUTH__API_KEYS=["canary"])"};
  auto problems = must_fail();
  EXPECT_THAT(problems,
              ElementsAre(HasSubstr("auth.api_keys entry 1 is shorter than 16"),
                          HasSubstr("entry a: names the variable NOT_SET, which is not set"),
                          HasSubstr("entry b: names the file missing.key, which does not exist"),
                          HasSubstr("entry c: leads to a key that is shorter"),
                          HasSubstr("two keys have the name c")));
  for (const auto& each : problems)
    EXPECT_THAT(each, Not(HasSubstr("canary")));
  options.environment.clear();
  for (const auto* record :
       {"name = \"a b\"\nenv = \"X\"", "name = \"a\"", "name = \"a\"\nkey = \"canary\"",
        "name = \"a\"\nsha256 = \"canary\"", "name = \"a\"\nenv = \"X\"\nfile = \"y\"",
        "name = \"a\"\nenv = \"X\"\nprofile = \"bypass\"",
        "name = \"a\"\nenv = \"X\"\nadmin = \"maybe\"",
        "name = \"a\"\nenv = \"X\"\nmax_concurrent = -1",
        "name = \"a\"\nenv = \"X\"\nbudget_usd_per_day = -1",
        "name = \"a\"\nenv = \"X\"\nbudget_usd_per_day = 0.0000001",
        "name = \"a\"\nenv = \"X\"\nbudget_usd_per_day = inf",
        "name = \"a\"\nenv = \"X\"\nbudget_usd_per_day = \"5 EUR\"",
        "name = \"a\"\nenv = \"X\"\ncolour = \"red\""}) {
    directory.put("config/local.toml", std::string{"[[auth.keys]]\n"} + record + '\n');
    problems = must_fail();
    EXPECT_THAT(problems, ElementsAre(HasSubstr("auth.keys entry 1 "))) << record;
    EXPECT_THAT(problems.front(), Not(HasSubstr("canary")));
  }
}

TEST_F(load_test, origins_are_written_as_browsers_send_them) {
  for (const auto* good : {"http://localhost:3000", "https://app.example"}) {
    directory.put("config/local.toml", std::string{"cors.allowed_origins = [\""} + good + "\"]\n");
    EXPECT_THAT(must_load().values.cors.allowed_origins, ElementsAre(good));
  }
  for (const auto* bad : {"localhost:3000", "https://app.example/", "https://*.example", "null",
                          "*", "HTTPS://app.example", "https://"}) {
    directory.put("config/local.toml", std::string{"cors.allowed_origins = [\""} + bad + "\"]\n");
    EXPECT_THAT(must_fail(), ElementsAre(HasSubstr("is no origin"))) << bad;
  }
}

} // namespace
} // namespace ccapi::config
