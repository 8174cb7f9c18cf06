#include "status/prometheus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace ccapi::status {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string exposed(const domain::stats& figures, std::span<const std::string_view> routes = {}) {
  domain::health health;
  health.cli_version = "2.1.330";
  return prometheus_text(figures, {.version = "1.2", .health = health, .routes = routes});
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

TEST(prometheus, every_row_is_a_family_with_one_help_and_one_type) {
  std::map<std::string, int> helps;
  std::map<std::string, std::string> types;
  for (const auto& line : lines_of(exposed({}))) {
    std::istringstream words{line};
    std::string mark;
    std::string what;
    std::string name;
    std::string type;
    words >> mark >> what >> name >> type;
    if (mark != "#")
      continue;
    EXPECT_TRUE(name.starts_with("ccapi_")) << name;
    if (what == "HELP") {
      EXPECT_EQ(++helps[name], 1) << name;
    } else {
      EXPECT_TRUE(helps.contains(name)) << name;
      EXPECT_TRUE(types.emplace(name, type).second) << name;
      EXPECT_EQ(name.ends_with("_total"), type == "counter") << name;
    }
  }
  const auto rows = domain::metrics();
  const auto told = static_cast<std::size_t>(
    std::count_if(rows.begin(), rows.end(), [](const auto& row) { return !row.derived; }));
  EXPECT_GE(types.size(), told);
}

TEST(prometheus, figures_stand_under_their_names) {
  domain::stats figures;
  figures.turns_submitted = 7;
  figures.turns_active = 2;
  figures.cost_micro_usd = 1'309;
  figures.matches = {1, 2, 3, 4, 5};
  figures.errors[domain::index_of(domain::error_code::timeout)] = 6;
  const auto text = exposed(figures);
  for (const auto* line :
       {"ccapi_turns_submitted_total 7\n", "ccapi_turns_active 2\n",
        "ccapi_cost_usd_total 0.001309\n", "ccapi_matches_total{match=\"fresh\"} 1\n",
        "ccapi_errors_total{code=\"timeout\"} 6\n", "# TYPE ccapi_turns_submitted_total counter\n",
        "# TYPE ccapi_turns_active gauge\n",
        "# HELP ccapi_turns_submitted_total Turns asked for by clients.\n",
        "ccapi_info{version=\"1.2\",cli_version=\"2.1.330\"} 1\n", "ccapi_health{state=\"ok\"} 1\n",
        "ccapi_health{state=\"draining\"} 0\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, Not(HasSubstr("ccapi_tokens_total_total"))) << "a sum of other rows";
}

TEST(prometheus, times_are_cumulative_buckets_in_seconds) {
  domain::stats figures;
  for (const auto time : {100us, 255us, 256us, 3'000us, 500'000'000us})
    figures.first_times.add(time);
  const auto text = exposed(figures);
  for (const auto* line :
       {"# TYPE ccapi_turn_first_seconds histogram\n",
        "ccapi_turn_first_seconds_bucket{le=\"0.000255\"} 2\n",
        "ccapi_turn_first_seconds_bucket{le=\"0.000511\"} 3\n",
        "ccapi_turn_first_seconds_bucket{le=\"0.004095\"} 4\n",
        "ccapi_turn_first_seconds_bucket{le=\"134.217727\"} 4\n",
        "ccapi_turn_first_seconds_bucket{le=\"+Inf\"} 5\n",
        "ccapi_turn_first_seconds_sum 500.003611\n", "ccapi_turn_first_seconds_count 5\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(prometheus, details_are_labelled) {
  domain::stats figures;
  auto& details = figures.details;
  details.routes[0] = {3, 0, 1, 0};
  details.models.add("opus", {1, 20, 300, 4'000'000});
  details.rate_limits = {{.type = "five_hour",
                          .status = domain::rate_limit_status::rejected,
                          .utilization = 1.02,
                          .resets_at = domain::wall_time{1'800'000'000s}}};
  details.processes = {{.process = 1, .resident_bytes = 4096}, {.process = 2, .resident_bytes = 1}};
  const std::array<std::string_view, 2> routes{"/chat/completions", ""};
  const auto text = exposed(figures, routes);
  for (const auto* line :
       {"ccapi_http_answers_total{route=\"/chat/completions\",status=\"2xx\"} 3\n",
        "ccapi_http_answers_total{route=\"/chat/completions\",status=\"4xx\"} 1\n",
        "ccapi_model_turns_total{model=\"opus\"} 1\n",
        "ccapi_model_prompt_tokens_total{model=\"opus\"} 20\n",
        "ccapi_model_completion_tokens_total{model=\"opus\"} 300\n",
        "ccapi_model_cost_usd_total{model=\"opus\"} 4.000000\n",
        "ccapi_rate_limit_utilization_ratio{type=\"five_hour\"} 1.020000\n",
        "ccapi_rate_limit_rejected{type=\"five_hour\"} 1\n",
        "ccapi_rate_limit_reset_timestamp_seconds{type=\"five_hour\"} 1800000000\n",
        "ccapi_processes_resident_bytes 4097\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, Not(HasSubstr("completions\",status=\"3xx\""))) << "there was none";
}

TEST(prometheus, nothing_of_a_client_and_no_line_of_its_making) {
  domain::stats figures;
  figures.details.keys.add("key-of-somebody", {.turns = 1});
  figures.details.models.add("a\"\n\\b", {.turns = 1});
  const auto text = exposed(figures);
  EXPECT_THAT(text, Not(HasSubstr("key-of-somebody")));
  EXPECT_THAT(text, HasSubstr(R"(ccapi_model_turns_total{model="a\"\n\\b"} 1)"));
}

} // namespace
} // namespace ccapi::status
