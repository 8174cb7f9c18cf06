#include "claude/turn_mapper.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <vector>

// turn_mapper: which waits for a busy API are the CLI's, and which the client is told of.

namespace ccapi::claude {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

/// Of a client whose answer must begin two seconds from the beginning of the clock.
class busy_api : public testing::Test {
protected:
  static inline std::chrono::milliseconds now{};

  void SetUp() override { now = 0ms; }

  void read(const message& line) { mapper.on_message(line, events); }
  /// The API refused a call; the CLI will make it again after that time.
  void refuse(std::optional<std::int64_t> status, std::int64_t delay_ms) {
    api_retry line;
    line.error_status = status;
    line.delay_ms = delay_ms;
    read(line);
  }
  void say(std::string_view words) {
    read(message_start{.id = "a", .model = "claude-x", .usage = {}, .parent_tool_use_id = {}});
    read(content_block_delta{
      .index = 0, .kind = delta_kind::text, .text = words, .parent_tool_use_id = {}});
  }
  void stop(std::string_view reason) {
    message_delta line;
    line.stop_reason = reason;
    read(line);
  }
  void end(std::string_view subtype) {
    result line;
    line.subtype = subtype;
    line.is_error = subtype != "success";
    read(line);
  }
  [[nodiscard]] const domain::error* failure() const {
    const auto* failed =
      events.empty() ? nullptr : std::get_if<domain::turn_failed>(&events.back());
    return failed != nullptr ? &failed->failure : nullptr;
  }

  turn_mapper mapper{[] { return std::chrono::system_clock::time_point{1000s}; },
                     {.longest = 2s,
                      .until = retry_patience::steady_clock::time_point{2s},
                      .now = [] { return retry_patience::steady_clock::time_point{now}; }}};
  std::vector<domain::event> events;
};

/// Status and delay of a wait that is too long for a client.
class long_wait : public busy_api,
                  public testing::WithParamInterface<std::pair<std::int64_t, std::int64_t>> {};

TEST_P(long_wait, is_told_instead) {
  const auto [status, delay_ms] = GetParam();
  refuse(status, delay_ms);
  ASSERT_NE(failure(), nullptr);
  EXPECT_EQ(failure()->code, status == 429 ? error_code::rate_limited : error_code::overloaded);
  EXPECT_EQ(failure()->retry_after, std::chrono::milliseconds{delay_ms});
  EXPECT_TRUE(failure()->retry_useful);
  EXPECT_TRUE(mapper.interrupt_wanted());
  end("error_during_execution");
  EXPECT_EQ(events.size(), 1U);
  EXPECT_TRUE(mapper.undoable());
  EXPECT_FALSE(mapper.reusable());
}

INSTANTIATE_TEST_SUITE_P(of_both_kinds, long_wait,
                         testing::Values(std::pair{429, 2'001}, std::pair{429, 60'000},
                                         std::pair{529, 2'001}, std::pair{529, 7'000}));

TEST_F(busy_api, a_wait_that_fits_is_the_clis) {
  refuse(429, 600);
  now = 700ms;
  refuse(429, 1'200);
  EXPECT_FALSE(mapper.interrupt_wanted());
  now = 1'950ms;
  say("Hi");
  stop("end_turn");
  end("success");
  EXPECT_TRUE(std::holds_alternative<domain::turn_finished>(events.back()));
  EXPECT_TRUE(mapper.reusable());
}

TEST_F(busy_api, waits_that_fit_one_by_one_and_not_together_are_told) {
  refuse(429, 1'000);
  EXPECT_EQ(failure(), nullptr);
  now = 1'050ms;
  refuse(429, 1'000);
  ASSERT_NE(failure(), nullptr);
  EXPECT_EQ(failure()->retry_after, 1s);
  EXPECT_TRUE(mapper.interrupt_wanted());
}

TEST_F(busy_api, a_short_wait_behind_the_status_is_the_clis) {
  now = 2'500ms; // a stream has its 200: there is nothing to be gained
  refuse(529, 1'900);
  EXPECT_TRUE(events.empty());
  refuse(529, 2'001);
  EXPECT_NE(failure(), nullptr);
}

TEST_F(busy_api, other_repetitions_are_the_clis) {
  for (const std::int64_t status : {401, 408, 500, 502, 503})
    refuse(status, 40'000);
  refuse(std::nullopt, 40'000); // no answer at all
  EXPECT_TRUE(events.empty());
  EXPECT_FALSE(mapper.interrupt_wanted());
}

TEST_F(busy_api, what_the_client_has_seen_is_not_failed_by_a_wait_of_a_later_call) {
  say("Let me look. ");
  stop("tool_use");
  refuse(429, 30'000);
  EXPECT_EQ(failure(), nullptr);
  EXPECT_FALSE(mapper.interrupt_wanted());
}

TEST_F(busy_api, an_absurd_wait_is_no_overflow) {
  refuse(429, std::numeric_limits<std::int64_t>::max());
  ASSERT_NE(failure(), nullptr);
  EXPECT_EQ(failure()->retry_after, 192h);
  EXPECT_FALSE(failure()->retry_useful);
}

} // namespace
} // namespace ccapi::claude
