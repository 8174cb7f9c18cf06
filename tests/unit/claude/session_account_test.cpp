// session: what the CLI tells of costs and of the account's limits.

#include "claude/rate_limit.hpp"
#include "session_rig.hpp"

namespace ccapi::claude::test {
namespace {

using namespace std::chrono_literals;

/// The end of a turn whose process has cost so much until then.
std::string result_line(std::string_view total_cost_usd) {
  return R"({"type":"result","subtype":"success","is_error":false,"result":"yes","stop_reason":)"
         R"("end_turn","total_cost_usd":)"
         + std::string{total_cost_usd}
         + R"(,"usage":{"input_tokens":3,"output_tokens":5},"session_id":"s","uuid":"u"})" + '\n';
}

class session_account : public session_rig {
protected:
  std::int64_t cost_of_turn(std::string_view total_cost_usd) {
    order("question");
    take_user();
    say(cli_lines::message_start() + cli_lines::text("yes") + cli_lines::message_delta()
        + result_line(total_cost_usd));
    take_steps();
    return core->turn_cost();
  }
};

TEST_F(session_account, a_turn_costs_what_its_process_has_cost_more_than_before) {
  start();
  EXPECT_EQ(cost_of_turn("0.0007854"), 785);
  EXPECT_EQ(cost_of_turn("0.0010000"), 215);
  EXPECT_EQ(cost_of_turn("0.0010000"), 0);
}

TEST_F(session_account, an_account_that_shrinks_costs_nothing_and_is_believed_from_then_on) {
  start();
  EXPECT_EQ(cost_of_turn("2.5"), 2'500'000);
  EXPECT_EQ(cost_of_turn("0.1"), 0);
  EXPECT_EQ(cost_of_turn("0.3"), 200'000);
}

TEST_F(session_account, what_is_no_amount_costs_nothing_and_what_is_too_much_is_cut) {
  start();
  EXPECT_EQ(cost_of_turn("-5"), 0);
  EXPECT_EQ(cost_of_turn("\"1\""), 0);
  EXPECT_EQ(cost_of_turn("null"), 0);
  EXPECT_EQ(cost_of_turn("1e300"), 1'000'000'000'000);
}

TEST_F(session_account, a_limit_of_the_account_is_passed_on) {
  start();
  order("question");
  take_user();
  core->on_line(R"({"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":)"
                R"(1800000000,"rateLimitType":"seven_day_opus","utilization":1.02,)"
                R"("overageStatus":"rejected"}})",
                now);
  ASSERT_EQ(core->output().limits.size(), 1U);
  const auto& limit = core->output().limits.front();
  EXPECT_EQ(limit.type, "seven_day_opus");
  EXPECT_EQ(limit.status, domain::rate_limit_status::rejected);
  EXPECT_FALSE(limit.overage);
  EXPECT_EQ(limit.utilization, 1.02);
  EXPECT_EQ(limit.resets_at, domain::wall_time{1'800'000'000s});
}

TEST(rate_limit_line, hostile_numbers_stay_in_bounds) {
  const auto of = [](std::string_view info) {
    decoder lines;
    const auto line = R"({"type":"rate_limit_event","rate_limit_info":)" + std::string{info} + '}';
    const auto read = lines.decode(line);
    return rate_limit_of(std::get<rate_limit_event>(std::get<message>(read)));
  };
  const auto huge = of(R"({"status":"rejected","resetsAt":9223372036854775807,"utilization":1e300,)"
                       R"("rateLimitType":"five_hour"})");
  EXPECT_EQ(huge.resets_at, domain::wall_time{7'258'118'400s});
  EXPECT_EQ(huge.utilization, 100);
  const auto wrong = of(R"({"status":7,"resetsAt":-1,"utilization":"x","isUsingOverage":true})");
  EXPECT_EQ(wrong, (domain::rate_limit{.type = {}, .overage = true}));
}

} // namespace
} // namespace ccapi::claude::test
