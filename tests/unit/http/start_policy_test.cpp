#include "http/access/start_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ccapi::http {
namespace {

using testing::HasSubstr;

config::settings settings_for(const char* host, bool keys, bool all_permissions) {
  config::settings given;
  given.server.host = host;
  given.file_access.skip_permissions = all_permissions;
  if (keys)
    given.auth.accepted.push_back({.name = "a", .secret = "sixteen-letters!", .sha256 = {}});
  return given;
}

/// The key that has to change; empty if the gateway may start.
std::string refused_for(const config::settings& given) {
  const auto allowed = check_start(given);
  return allowed ? std::string{} : allowed.error().param;
}

TEST(start_policy, lets_nobody_in_from_outside_without_keys_unless_the_owner_insists) {
  for (const auto* host : {"127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST"})
    EXPECT_EQ(refused_for(settings_for(host, false, false)), "") << host;
  for (const auto* host :
       {"0.0.0.0", "::", "192.0.2.7", "gateway.lan", "localhost.attacker.test"}) {
    auto given = settings_for(host, false, false);
    EXPECT_EQ(refused_for(given), "server.host") << host;
    EXPECT_THAT(check_start(given).error().message, HasSubstr("allow_insecure_no_auth"));
    given.server.allow_insecure_no_auth = true;
    EXPECT_EQ(refused_for(given), "") << host;
    EXPECT_EQ(refused_for(settings_for(host, true, false)), "") << host;
  }
}

TEST(start_policy, gives_no_shell_away) {
  auto given = settings_for("127.0.0.1", false, true);
  EXPECT_EQ(refused_for(given), "file_access.skip_permissions");
  given.server.allow_insecure_no_auth = true;
  EXPECT_EQ(refused_for(given), "");
  given.server.host = "0.0.0.0";
  EXPECT_EQ(refused_for(given), "file_access.skip_permissions") << "not even with the override";
  EXPECT_EQ(refused_for(settings_for("0.0.0.0", true, true)), "");
}

TEST(start_policy, asks_for_keys_where_settings_need_them) {
  const auto with = [](bool keys, auto change) {
    auto given = settings_for("127.0.0.1", keys, false);
    given.server.allow_insecure_no_auth = true;
    change(given);
    return refused_for(given);
  };
  const auto enabled = [](config::settings& given) { given.auth.enabled = true; };
  const auto any_host = [](config::settings& given) { given.server.allowed_hosts = {"*"}; };
  const auto any_page = [](config::settings& given) { given.cors.allow_any = true; };
  EXPECT_EQ(with(false, enabled), "auth.enabled");
  EXPECT_EQ(with(false, any_host), "server.allowed_hosts");
  EXPECT_EQ(with(false, any_page), "cors.allow_any");
  EXPECT_EQ(with(true, enabled), "");
  EXPECT_EQ(with(true, any_host), "");
  EXPECT_EQ(with(true, any_page), "");
}

TEST(start_policy, warns_of_what_is_allowed_but_open) {
  EXPECT_TRUE(start_warnings(settings_for("127.0.0.1", false, false)).empty());
  EXPECT_EQ(start_warnings(settings_for("0.0.0.0", false, false)).size(), 1U);
  EXPECT_THAT(start_warnings(settings_for("0.0.0.0", true, false)).at(0), HasSubstr("no TLS"));
}

} // namespace
} // namespace ccapi::http
