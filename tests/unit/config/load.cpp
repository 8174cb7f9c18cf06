#include "config/load.hpp"

#include "config/nearest.hpp"
#include "config/print.hpp"
#include "load_fixture.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

namespace ccapi::config {
namespace {

using namespace std::chrono_literals;
using test::load_test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

TEST_F(load_test, nothing_configured_gives_the_defaults) {
  const auto outcome = must_load();
  EXPECT_EQ(outcome.values.server.host, "127.0.0.1");
  EXPECT_EQ(outcome.values.server.port, 8080);
  EXPECT_EQ(source_of(outcome, "server.port"), "default");
  EXPECT_THAT(outcome.warnings, IsEmpty());
}

TEST_F(load_test, example_of_the_documentation_works) {
  directory.put("config/local.toml", R"(
[server]
port = 9090
[claude]
command = "/opt/claude"
timeout_seconds = 120
max_concurrent_sessions = 3
use_interactive_sessions = false
[conversation]
session_timeout_minutes = 5
)");
  const auto values = must_load().values;
  EXPECT_EQ(values.server.port, 9090);
  EXPECT_EQ(values.claude.command, "/opt/claude");
  EXPECT_EQ(values.claude.timeout, 120s);
  EXPECT_EQ(values.claude.max_concurrent_sessions, 3U);
  EXPECT_FALSE(values.claude.use_interactive_sessions);
  EXPECT_EQ(values.conversation.session_timeout, 5min);
}

TEST_F(load_test, later_sources_win_and_are_named_as_the_origin) {
  const auto port = [&] {
    const auto outcome = must_load();
    return std::to_string(outcome.values.server.port) + " from "
           + source_of(outcome, "server.port");
  };
  directory.put("config/development.toml", "server.port = 2\n");
  EXPECT_EQ(port(), "2 from config/development.toml:1");
  directory.put("config/local.toml", "[server]\nport = 3\n");
  EXPECT_EQ(port(), "3 from config/local.toml:2");
  directory.put("mine.toml", "server.port = 4\n");
  options.config_file = directory.path() + "/mine.toml";
  EXPECT_EQ(port(), "4 from " + *options.config_file + ":1");
  directory.put(".env", "CLAUDE_CODE__SERVER__PORT=5\n");
  EXPECT_EQ(port(), "5 from .env: CLAUDE_CODE__SERVER__PORT");
  options.environment = {"CLAUDE_CODE__SERVER__PORT=6"};
  EXPECT_EQ(port(), "6 from CLAUDE_CODE__SERVER__PORT");
  options.flags = {{"server.port", "7"}};
  EXPECT_EQ(port(), "7 from command line");
}

TEST_F(load_test, run_mode_chooses_the_file) {
  directory.put("config/development.toml", "server.port = 1\n");
  directory.put("config/production.toml", "server.port = 2\n");
  options.environment = {"RUN_MODE=production"};
  EXPECT_EQ(must_load().values.server.port, 2);
  options.environment = {};
  directory.put(".env", "RUN_MODE=production\n");
  EXPECT_EQ(must_load().values.server.port, 2);
  options.environment = {"RUN_MODE=../../etc/passwd"};
  EXPECT_THAT(must_fail(), ElementsAre(HasSubstr("RUN_MODE: may hold only")));
}

TEST_F(load_test, all_mistakes_of_all_sources_are_told_at_once) {
  directory.put("config/development.toml", "[server\n");
  directory.put("config/local.toml", R"([server]
port = 70000
hots = "x"

[claude]
timeout_seconds = "long"
[log]
format = "xml"
)");
  options.config_file = directory.path() + "/missing.toml";
  options.environment = {"CLAUDE_CODE__SERVER__PROT=1", "CLAUDE_CODE__CLAUDE__MAX_RETRIES=many"};
  options.flags = {{"log.level", "loud"}};
  EXPECT_THAT(
    must_fail(),
    ElementsAre(
      HasSubstr("config/development.toml:1: is no valid TOML: "),
      "config/local.toml:2: server.port must be from 0 to 65535",
      "config/local.toml:3: unknown key server.hots; did you mean server.host?",
      "config/local.toml:6: claude.timeout_seconds must be a number",
      "config/local.toml:8: log.format must be one of text, json",
      HasSubstr("/missing.toml: does not exist"),
      "CLAUDE_CODE__SERVER__PROT: unknown key server.prot; did you mean server.port?",
      "CLAUDE_CODE__CLAUDE__MAX_RETRIES: claude.max_retries must be a whole number",
      "command line: log.level must be one of trace, debug, info, warning, warn, error, off"));
}

TEST_F(load_test, broken_toml_is_told_with_its_line_and_without_the_words_of_the_library) {
  for (const std::string_view broken :
       {"port 8", "port = 0x", "host = \"abc", "x = [[[", "a=1\na=2"}) {
    directory.put("config/local.toml", "[server]\n" + std::string{broken} + "\n\n");
    EXPECT_THAT(must_fail(),
                ElementsAre(AllOf(HasSubstr("config/local.toml:"), HasSubstr(": is no valid TOML"),
                                  Not(HasSubstr("toml::")), Not(HasSubstr("\n")))))
      << broken;
  }
}

TEST_F(load_test, unreadable_and_huge_files_are_refused) {
  directory.put("config/local.toml/x", ""); // a directory
  directory.put("config/development.toml", std::string(std::size_t{2} << 20, '#'));
  EXPECT_THAT(must_fail(), ElementsAre("config/development.toml: is larger than 1 MiB",
                                       HasSubstr("config/local.toml: can't be read: ")));
}

TEST_F(load_test, unknown_section_is_named_key_by_key) {
  directory.put("config/local.toml", "[sever]\nport = 1\n[other.deep]\nthing = [1]\n");
  EXPECT_THAT(must_fail(),
              ElementsAre("config/local.toml:2: unknown key sever.port; did you mean server.port?",
                          "config/local.toml:4: unknown key other.deep.thing"));
}

TEST_F(load_test, section_given_as_a_value_is_refused) {
  directory.put("config/local.toml", "server = 8080\n");
  EXPECT_THAT(must_fail(), ElementsAre(HasSubstr("config/local.toml:1: unknown key server")));
}

TEST_F(load_test, own_aliases_go_before_the_built_in_ones_in_the_order_written) {
  directory.put("config/local.toml", R"([models.aliases]
"zeta-*" = "opus"
"alpha-*" = "haiku"
"gpt-*" = "sonnet"
)");
  options.environment = {R"(CLAUDE_CODE__MODELS__ALIASES={"zeta-1": "haiku"})"};
  const auto aliases = must_load().values.models.aliases;
  ASSERT_GT(aliases.size(), 5U);
  EXPECT_THAT((std::vector(aliases.begin(), aliases.begin() + 5)),
              ElementsAre(Pair("zeta-1", "haiku"), Pair("zeta-*", "opus"), Pair("alpha-*", "haiku"),
                          Pair("gpt-*", "sonnet"), Pair("chatgpt-*", "default")));
  EXPECT_EQ(aliases.size(), models_settings{}.aliases.size() + 3);
}

TEST_F(load_test, lists_replace_the_default_list) {
  options.environment = {R"(CLAUDE_CODE__CLAUDE__ENV_ALLOW=["HOME", "MY_*"])"};
  EXPECT_THAT(must_load().values.claude.env_allow, ElementsAre("HOME", "MY_*"));
}

TEST_F(load_test, lists_that_are_no_json_are_explained) {
  options.environment = {"CLAUDE_CODE__MODELS__LIST=opus,sonnet",
                         "CLAUDE_CODE__MODELS__ALIASES=[\"a\"]",
                         "CLAUDE_CODE__SERVER__ALLOWED_HOSTS=[1]"};
  EXPECT_THAT(must_fail(), ElementsAre(HasSubstr("must be a JSON array of strings"),
                                       HasSubstr("must be a JSON object of strings"),
                                       HasSubstr("server.allowed_hosts may hold only strings")));
}

TEST_F(load_test, durations_take_decimals) {
  directory.put("config/local.toml", "claude.timeout_seconds = 0.25\n");
  options.environment = {"CLAUDE_CODE__CONVERSATION__SESSION_TIMEOUT_MINUTES=1.5"};
  const auto values = must_load().values;
  EXPECT_EQ(values.claude.timeout, 250ms);
  EXPECT_EQ(values.conversation.session_timeout, 90s);
}

TEST_F(load_test, absurd_numbers_are_refused) {
  directory.put("config/local.toml", "claude.timeout_seconds = nan\n"
                                     "claude.boot_timeout_seconds = inf\n"
                                     "claude.close_grace_seconds = 9223372036854775807\n"
                                     "server.port = -1\n"
                                     "limits.body_bytes_max = 9223372036854775807\n");
  options.environment = {"CLAUDE_CODE__CLAUDE__CONTROL_TIMEOUT_SECONDS=nan",
                         "CLAUDE_CODE__SERVER__IO_THREADS=99999999999999999999"};
  EXPECT_EQ(must_fail().size(), 7U);
}

TEST_F(load_test, keys_of_features_that_are_not_there_are_checked_and_named_in_one_line) {
  directory.put("config/local.toml", "[mcp]\nenabled = true\nconfig_file = \"x\"\n"
                                     "[file_access]\nskip_permissions = false\n"
                                     "[auth]\nsecret_key = \"\"\n");
  options.environment = {"CLAUDE_CODE__MCP__DEBUG=true", "CLAUDE_CODE__DATABASE__URL=sqlite://x",
                         "CLAUDE_CODE__CONVERSATION__MAX_HISTORY_MESSAGES=20"};
  const auto outcome = must_load();
  EXPECT_THAT(outcome.warnings,
              ElementsAre("not active yet, without effect in this version: mcp.enabled, "
                          "mcp.config_file, file_access.skip_permissions, auth.secret_key, "
                          "mcp.debug, database.url"));
  EXPECT_TRUE(outcome.values.mcp.enabled);
  EXPECT_EQ(outcome.values.conversation.max_history_messages, 20U);
  options.environment = {"CLAUDE_CODE__MCP__STRICT=maybe"};
  EXPECT_THAT(must_fail(), ElementsAre(HasSubstr("mcp.strict must be")));
}

TEST_F(load_test, variables_of_the_cli_itself_are_left_alone) {
  options.environment = {"CLAUDE_CODE_OAUTH_TOKEN=x", "CLAUDE_CODE_MAX_RETRIES=y", "PATH=/bin",
                         "no_equals_sign"};
  EXPECT_THAT(must_load().warnings, IsEmpty());
}

TEST_F(load_test, rust_log_sets_the_level_unless_the_own_key_does) {
  options.environment = {"RUST_LOG=claude_code_api=debug,warn"};
  EXPECT_EQ(must_load().values.log.level, "debug");
  options.environment.insert(options.environment.begin(), "CLAUDE_CODE__LOG__LEVEL=error");
  EXPECT_EQ(must_load().values.log.level, "error");
  options.environment = {"RUST_LOG=hyper=trace"};
  EXPECT_EQ(must_load().values.log.level, "info");
  options.flags = {{"log.level", "warn"}};
  EXPECT_EQ(must_load().values.log.level, "warning");
}

TEST_F(load_test, dotenv_feeds_the_cli_but_never_replaces_the_environment) {
  directory.put(".env", "ANTHROPIC_API_KEY=from-file\nANTHROPIC_BASE_URL=http://x\n"
                        "CLAUDE_CODE__SERVER__PORT=1\nRUST_LOG=debug\n");
  options.environment = {"ANTHROPIC_API_KEY=from-environment"};
  EXPECT_THAT(must_load().extra_variables, ElementsAre(Pair("ANTHROPIC_BASE_URL", "http://x")));
}

TEST_F(load_test, bad_dotenv_lines_are_told_with_their_number) {
  directory.put(".env", "GOOD=1\n= x\nno equals\n\nQUOTED=\"open\n");
  EXPECT_THAT(must_fail(),
              ElementsAre(".env:2: is no NAME=value line", ".env:3: is no NAME=value line",
                          ".env:5: has no closing quote, or text after it"));
}

TEST(dotenv, reads_the_usual_forms) {
  std::vector<problem> problems;
  const auto variables = variables_of_dotenv("# comment\r\n"
                                             "A=1\r\n"
                                             "export B = two words # comment\n"
                                             "C='single # $A \\n'\n"
                                             "D=\"line\\nbreak \\\"q\\\" \\$A\" # comment\n"
                                             "E=\n"
                                             "F=a#b\n"
                                             "A=again",
                                             ".env", problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_THAT(variables,
              ElementsAre(Pair("A", "again"), Pair("B", "two words"), Pair("C", "single # $A \\n"),
                          Pair("D", "line\nbreak \"q\" $A"), Pair("E", ""), Pair("F", "a#b")));
}

TEST(rust_log, understands_levels_and_module_lists) {
  EXPECT_EQ(level_of_rust_log("info"), "info");
  EXPECT_EQ(level_of_rust_log("WARN"), "warning");
  EXPECT_EQ(level_of_rust_log("tower_http=debug,info"), "info");
  EXPECT_EQ(level_of_rust_log("info, ccapi=trace"), "trace");
  EXPECT_EQ(level_of_rust_log("hyper=trace"), "");
  EXPECT_EQ(level_of_rust_log(",,=,x"), "");
}

TEST(nearest_key, finds_what_was_probably_meant) {
  EXPECT_EQ(nearest_key("server.prot"), "server.port");
  EXPECT_EQ(nearest_key("claude.timeout"), "claude.timeout_seconds");
  EXPECT_EQ(nearest_key("claude.max_retry"), "claude.max_retries");
  EXPECT_EQ(nearest_key("server.timeout_seconds"), "claude.timeout_seconds");
  EXPECT_EQ(nearest_key("log.levels"), "log.level");
  EXPECT_EQ(nearest_key("completely.different"), "");
  EXPECT_EQ(nearest_key(std::string(10'000, 'x')), "");
}

TEST_F(load_test, print_shows_each_value_with_its_origin) {
  options.environment = {"CLAUDE_CODE__SERVER__PORT=9"};
  directory.put("config/local.toml", "[models.aliases]\n\"fast\" = \"haiku\"\n");
  const auto text = print(must_load());
  EXPECT_THAT(text, HasSubstr("[server]\nhost = \"127.0.0.1\" # default\n"
                              "port = 9 # CLAUDE_CODE__SERVER__PORT\n"));
  EXPECT_THAT(text, HasSubstr("[models.aliases] # config/local.toml:1\n\"fast\" = \"haiku\"\n"));
}

TEST_F(load_test, name_of_a_file_can_not_break_what_print_writes) {
  directory.put("a\nport = 1.toml", "server.port = 9\n");
  options.config_file = directory.path() + "/a\nport = 1.toml";
  const auto first = must_load();
  directory.put("again.toml", print(first));
  options.config_file = directory.path() + "/again.toml";
  EXPECT_EQ(must_load().values.server.port, 9);
}

} // namespace
} // namespace ccapi::config
