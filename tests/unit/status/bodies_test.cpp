#include "status/health_body.hpp"
#include "status/stats_body.hpp"

#include <gtest/gtest.h>

#include <string>

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
  figures.cache_hits = 40;
  figures.cache_misses = 41;
  figures.cache_bypasses = 42;
  figures.cache_shared = 43;
  figures.cache_evictions = 44;
  figures.cache_entries = 45;
  figures.cache_bytes = 46;
  figures.boot_times.add(std::chrono::microseconds{301'250});
  EXPECT_EQ(
    stats_body(figures, "0.1.0", true),
    R"({"cache":{"total_entries":45,"total_hits":40,"enabled":true,"hits":40,"misses":41,)"
    R"("bypasses":42,"shared":43,"evictions":44,"entries":45,"bytes":46},"version":"0.1.0",)"
    R"("turns":{"submitted":1,"finished":2,"failed":3,"cancelled":4,"retried":19,)"
    R"("without_parameter":29,"mended":37,"with_calls":38,"active":5},)"
    R"("matches":{"fresh":20,"seeded":21,"branched":22,"rewound":23,"continued":24},)"
    R"("times":{"wait":{"count":0,"p50_ms":0.00,"p99_ms":0.00,"max_ms":0.00},)"
    R"("boot":{"count":1,"p50_ms":301.25,"p99_ms":301.25,"max_ms":301.25},)"
    R"("setup":{"count":0,"p50_ms":0.00,"p99_ms":0.00,"max_ms":0.00},)"
    R"("first":{"count":0,"p50_ms":0.00,"p99_ms":0.00,"max_ms":0.00}},)"
    R"("tokens":{"prompt":6,"completion":7,"total":13},)"
    R"("processes":{"live":8,"busy":9,"parked":39,"max":10,"spawned":11,"retired":12,"failed":13},)"
    R"("spares":{"ready":25,"booting":26,"primed":30,"hits":27,"primed_hits":31,"misses":28,)"
    R"("dropped":29},)"
    R"("queue":{"length":14,"max":15},"conversations":{"known":16},)"
    R"("cli":{"lines_unknown":17,"lines_malformed":18},)"
    R"("answers":{"2xx":32,"3xx":33,"4xx":34,"5xx":35},"defects":{"invariants":36}})");
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
