#include "config/reload.hpp"

#include <gtest/gtest.h>

namespace ccapi::config {
namespace {

TEST(plan_reload, finds_nothing_to_do_where_nothing_changed) {
  const auto plan = plan_reload(settings{}, settings{});
  EXPECT_EQ(plan.changed, "");
  EXPECT_EQ(plan.need_restart, "");
}

TEST(plan_reload, takes_over_what_it_can_and_keeps_what_needs_a_restart) {
  settings wanted;
  wanted.server.port = 9000;
  wanted.limits.queue_max = 7;
  wanted.log.level = "error";
  wanted.log.format = "json";
  const auto plan = plan_reload(settings{}, wanted);
  EXPECT_EQ(plan.changed, "limits.queue_max, log.level");
  EXPECT_EQ(plan.need_restart, "server.port, log.format");
  EXPECT_EQ(plan.values.limits.queue_max, 7U);
  EXPECT_EQ(plan.values.log.level, "error");
  EXPECT_EQ(plan.values.server.port, settings{}.server.port);
  EXPECT_EQ(plan.values.log.format, settings{}.log.format);
}

TEST(plan_reload, tables_are_taken_over_as_they_are) {
  settings wanted;
  wanted.models.aliases = {{"only", "haiku"}};
  const auto plan = plan_reload(settings{}, wanted);
  EXPECT_EQ(plan.changed, "models.aliases");
  EXPECT_EQ(plan.values.models.aliases, wanted.models.aliases);
}

TEST(plan_reload, tells_of_keys_that_changed_behind_their_name) {
  settings now, wanted;
  now.auth.accepted = {{.name = "ci", .secret = "the-key-of-monday", .sha256 = {}}};
  wanted.auth.accepted = {{.name = "ci", .secret = "the-key-of-tuesday", .sha256 = {}}};
  wanted.auth.failures_per_minute_max = 5;
  const auto plan = plan_reload(now, wanted);
  EXPECT_EQ(plan.changed, "auth.failures_per_minute_max, auth.keys");
  EXPECT_EQ(plan.values.auth.accepted, wanted.auth.accepted);
}

} // namespace
} // namespace ccapi::config
