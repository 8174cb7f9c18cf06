#include "status/health_body.hpp"
#include "status/stats_body.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

namespace ccapi::status {
namespace {

TEST(stats, every_figure_has_its_place) {
  domain::stats figures;
  figures.turns_submitted = 1;
  figures.turns_finished = 2;
  figures.turns_failed = 3;
  figures.turns_cancelled = 4;
  figures.turns_retried = 19;
  figures.turns_without_parameter = 29;
  figures.turns_mended = 37;
  figures.turns_with_calls = 38;
  figures.turns_active = 5;
  figures.prompt_tokens = 6;
  figures.completion_tokens = 7;
  figures.processes_live = 8;
  figures.processes_busy = 9;
  figures.processes_parked = 39;
  figures.processes_max = 10;
  figures.processes_spawned = 11;
  figures.processes_retired = 12;
  figures.processes_failed = 13;
  figures.queue_length = 14;
  figures.queue_max = 15;
  figures.conversations = 16;
  figures.cli_lines_unknown = 17;
  figures.cli_lines_malformed = 18;
  figures.matches = {20, 21, 22, 23, 24};
  figures.spares_ready = 25;
  figures.spares_booting = 26;
  figures.spares_primed = 30;
  figures.spare_hits = 27;
  figures.primed_hits = 31;
  figures.spare_misses = 28;
  figures.spares_dropped = 29;
  figures.answers = {32, 33, 34, 35};
  figures.broken_invariants = 36;
  figures.turns_limited = 41;
  figures.turns_over_budget = 42;
  figures.cost_micro_usd = 43;
  figures.errors.front() = 51;
  figures.errors[domain::index_of(domain::error_code::rate_limited)] = 52;
  figures.errors.back() = 53;
  figures.cache_hits = 60;
  figures.cache_misses = 61;
  figures.cache_bypasses = 62;
  figures.cache_shared = 63;
  figures.cache_evictions = 64;
  figures.cache_entries = 65;
  figures.cache_bytes = 66;
  figures.idempotent_replays = 67;
  figures.boot_times.add(std::chrono::microseconds{301'250});
  EXPECT_EQ(
    stats_body(figures, "0.1.0", true),
    R"({"cache":{"total_entries":65,"total_hits":60,"enabled":true,"hits":60,"misses":61,)"
    R"("bypasses":62,"shared":63,"evictions":64,"entries":65,"bytes":66},"version":"0.1.0",)"
    R"("idempotency":{"replays":67},)"
    R"("turns":{"submitted":1,"finished":2,"failed":3,"cancelled":4,"retried":19,)"
    R"("without_parameter":29,"mended":37,"with_calls":38,"limited":41,"over_budget":42,)"
    R"("active":5},)"
    R"("matches":{"fresh":20,"seeded":21,"branched":22,"rewound":23,"continued":24},)"
    R"("times":{"wait":{"count":0,"p50_ms":0.00,"p99_ms":0.00,"max_ms":0.00},)"
    R"("boot":{"count":1,"p50_ms":301.25,"p99_ms":301.25,"max_ms":301.25},)"
    R"("setup":{"count":0,"p50_ms":0.00,"p99_ms":0.00,"max_ms":0.00},)"
    R"("first":{"count":0,"p50_ms":0.00,"p99_ms":0.00,"max_ms":0.00},)"
    R"("total":{"count":0,"p50_ms":0.00,"p99_ms":0.00,"max_ms":0.00}},)"
    R"("tokens":{"prompt":6,"completion":7,"total":13},"cost":{"micro_usd":43},)"
    R"("processes":{"live":8,"busy":9,"parked":39,"max":10,"spawned":11,"retired":12,"failed":13},)"
    R"("spares":{"ready":25,"booting":26,"primed":30,"hits":27,"primed_hits":31,"misses":28,)"
    R"("dropped":29},)"
    R"("queue":{"length":14,"max":15},"conversations":{"known":16},)"
    R"("store":{"conversations":0,"bytes":0,"commits":0,"writes":0,"failures":0,)"
    R"("turns_unstored":0},)"
    R"("cli":{"lines_unknown":17,"lines_malformed":18},)"
    R"("answers":{"2xx":32,"3xx":33,"4xx":34,"5xx":35},)"
    R"("errors":{"invalid_request":51,"unsupported_parameter":0,"model_not_found":0,)"
    R"("context_length_exceeded":0,"request_too_large":0,"not_found":0,"upstream_auth":0,)"
    R"("rate_limited":52,"insufficient_quota":0,"overloaded":0,"refused":0,"cli_unavailable":0,)"
    R"("server_busy":0,"conversation_busy":0,"store_unavailable":0,"draining":0,"timeout":0,)"
    R"("upstream_crash":0,"upstream_error":0,"invalid_structured_output":0,)"
    R"("tool_choice_not_honoured":0,"cancelled":0,"internal":53},)"
    R"("defects":{"invariants":36},"recent":{},"routes":{},"models":{},"keys":{},)"
    R"("rate_limits":{},"process_list":[]})");
}

TEST(stats, details_have_their_place_behind_the_figures) {
  using namespace std::chrono_literals;
  domain::stats figures;
  auto& details = figures.details;
  details.recent.resize(1);
  details.recent[0].minutes = 5;
  details.recent[0].of[0].add(1ms);
  details.routes[1] = {1, 2, 3, 4};
  details.models.add("a \"model\"", {1, 2, 3, 4});
  details.models.add("opus", {.turns = 9});
  details.keys.add("laptop", {.cost_micro_usd = 7});
  details.rate_limits = {{.type = "five_hour",
                          .status = domain::rate_limit_status::rejected,
                          .overage = true,
                          .utilization = 0.5,
                          .resets_at = domain::wall_time{1'800'000'000s}},
                         {.type = "overage"}};
  details.processes = {
    {.process = 1, .pid = 77, .state = "idle", .age = 9s, .turns = 2, .resident_bytes = 4096},
    {.process = 2, .state = "starting"}};
  const std::array<std::string_view, 3> routes{"/a", "/b", ""};
  const auto body = stats_body(figures, "1", true, routes);
  constexpr std::string_view none = R"({"count":0,"p50_ms":0.00,"p99_ms":0.00,"max_ms":0.00})";
  std::string expected = R"("recent":{"5m":{"wait":{"count":1,"p50_ms":1.00,"p99_ms":1.00,)"
                         R"("max_ms":1.00})";
  for (const auto* which : {"boot", "setup", "first", "total"})
    expected.append(",\"").append(which).append("\":").append(none);
  expected += R"(}},"routes":{"/a":{"2xx":0,"3xx":0,"4xx":0,"5xx":0},)"
              R"("/b":{"2xx":1,"3xx":2,"4xx":3,"5xx":4}},)"
              R"("models":{"a \"model\"":{"turns":1,"prompt_tokens":2,"completion_tokens":3,)"
              R"("cost_micro_usd":4},"opus":{"turns":9,"prompt_tokens":0,"completion_tokens":0,)"
              R"("cost_micro_usd":0}},"keys":{"laptop":{"turns":0,"prompt_tokens":0,)"
              R"("completion_tokens":0,"cost_micro_usd":7}},)"
              R"("rate_limits":{"five_hour":{"status":"rejected","overage":true,)"
              R"("utilization":0.500000,"resets_at":1800000000},"overage":{"status":"allowed",)"
              R"("overage":false,"utilization":null,"resets_at":null}},)"
              R"("process_list":[{"process":1,"pid":77,"state":"idle","age_seconds":9,"turns":2,)"
              R"("resident_bytes":4096},{"process":2,"pid":0,"state":"starting","age_seconds":0,)"
              R"("turns":0,"resident_bytes":0}]})";
  EXPECT_EQ(body.substr(body.find(R"("recent")")), expected);
}

TEST(health, tells_the_state_and_what_to_do) {
  domain::health good;
  good.cli_path = "/usr/bin/claude";
  good.cli_version = "2.1.330";
  EXPECT_EQ(health_body(good, "0.1.0"), R"({"status":"ok","reason":null,"version":"0.1.0",)"
                                        R"("cli":{"path":"/usr/bin/claude","version":"2.1.330"}})");
  domain::health bad;
  bad.state = domain::health_state::degraded;
  bad.reason = "No \"claude\".";
  EXPECT_EQ(health_body(bad, "1"), R"({"status":"degraded","reason":"No \"claude\".",)"
                                   R"("version":"1","cli":{"path":null,"version":null}})");
}

TEST(health, does_not_call_the_simulator_a_cli) {
  domain::health demo;
  demo.cli_path = "/usr/bin/claude-code-api";
  demo.cli_version = "2.1.330";
  demo.demo = true;
  EXPECT_EQ(health_body(demo, "1"), R"({"status":"ok","reason":null,"version":"1","demo":true,)"
                                    R"("cli":{"path":null,"version":null}})");
}

} // namespace
} // namespace ccapi::status
