#include "turn_lines.hpp"

#include <gtest/gtest.h>

#include <limits>

// turn_mapper: how a turn ends, what it has cost, and whether its process may go on.

namespace ccapi::claude {
namespace {

using namespace std::chrono_literals;
using namespace test;

TEST(turn_mapper, takes_the_stop_reason_of_the_result_when_its_own_line_was_lost) {
  turn played;
  played << start("a") << text("Hi") << success("end_turn");
  EXPECT_NE(played.finished(), nullptr);
}

TEST(turn_mapper, a_success_without_any_stop_reason_is_a_cut_answer) {
  turn played;
  played << start("a") << text("Hi") << success("");
  EXPECT_NE(played.failure(), nullptr);
  EXPECT_FALSE(played.mapper.interrupt_wanted()) << "the turn is over already";
}

TEST(turn_mapper, an_empty_success_without_the_model_is_a_failure) {
  turn played;
  played << success("");
  ASSERT_NE(played.failure(), nullptr);
  EXPECT_EQ(played.failure()->code, domain::error_code::upstream_error);
}

TEST(turn_mapper, text_the_cli_made_by_itself_is_a_failure) {
  auto own = success("");
  own.text = "Total cost: $0";
  turn played;
  played << own;
  EXPECT_NE(played.failure(), nullptr);
  EXPECT_EQ(played.text(), "");
}

TEST(turn_mapper, refusal_after_text_finishes_as_content_filter) {
  auto line = failed(std::nullopt, "API Error: flagged");
  line.stop_reason = "refusal";
  turn played;
  played << start("a") << text("Well, ") << stop("refusal") << line;
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->reason, domain::finish_reason::content_filter);
  EXPECT_FALSE(played.mapper.reusable());
}

TEST(turn_mapper, an_api_error_behind_a_refusal_is_an_error) {
  turn played;
  played << start("a") << stop("refusal") << failed(500, "API Error: 500");
  ASSERT_NE(played.failure(), nullptr);
}

TEST(turn_mapper, stop_sequence_is_a_clean_stop) {
  turn played;
  played << start("a") << text("Hi") << stop("stop_sequence") << success("stop_sequence");
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->reason, domain::finish_reason::stop);
  EXPECT_TRUE(played.mapper.reusable());
}

TEST(turn_mapper, a_process_whose_history_was_rewritten_is_not_reusable) {
  const std::vector<message> rewrites{compact_boundary{}, model_fallback{}, conversation_reset{},
                                      model_refusal_fallback{}};
  for (const auto& rewrite : rewrites) {
    turn played;
    played << rewrite << start("a") << text("Hi") << stop("end_turn") << success();
    EXPECT_NE(played.finished(), nullptr);
    EXPECT_FALSE(played.mapper.reusable()) << rewrite.index();
  }
}

TEST(turn_mapper, unreadable_line_fails_the_answer_only_if_it_was_a_piece_of_it) {
  const auto answered = [](std::string_view whole, auto... lines) {
    turn played;
    played << start("a");
    (..., (played << lines));
    played.mapper.on_unreadable_line();
    auto line = success();
    line.text = whole;
    played << stop("end_turn") << message{line};
    return played.finished() != nullptr;
  };
  const message block = content_block_start{};
  EXPECT_TRUE(answered("ab", text("a"), text("b")));
  EXPECT_FALSE(answered("abc", text("a"), text("b")));
  EXPECT_FALSE(answered("b"));
  EXPECT_TRUE(answered(""));
  EXPECT_TRUE(answered("b", text("a"), block, text("b"))) << "the result has the last block only";
  EXPECT_FALSE(answered("bcd", text("a"), block, text("b")));
}

TEST(turn_mapper, says_whether_another_model_than_the_one_asked_for_answers) {
  const auto fell_back = [](const std::vector<message>& before) {
    turn played;
    for (const auto& line : before)
      played << line;
    played << start("a") << text("Hi");
    const auto* started = std::get_if<domain::answer_started>(&played.events.front());
    return started != nullptr && started->fell_back;
  };
  EXPECT_FALSE(fell_back({}));
  EXPECT_FALSE(fell_back({compact_boundary{}}));
  EXPECT_TRUE(fell_back({model_fallback{}}));
  EXPECT_TRUE(fell_back({model_refusal_fallback{}}));
}

TEST(turn_mapper, a_silent_safety_stop_makes_the_process_not_reusable) {
  auto line = success();
  line.safety_stops = 1;
  turn played;
  played << start("a") << text("Hi") << stop("end_turn") << line;
  EXPECT_FALSE(played.mapper.reusable());
}

TEST(turn_mapper, counts_reasoning_tokens_where_they_are_told) {
  auto line = success();
  line.usage.thinking = 12;
  turn played;
  played << start("a") << text("Hi") << stop("end_turn") << line;
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->usage.reasoning_tokens, 12);
}

TEST(turn_mapper, leaves_out_what_earlier_turns_of_the_run_have_reasoned) {
  auto line = success();
  line.usage.thinking = 12;
  turn played;
  played.mapper = turn_mapper{&std::chrono::system_clock::now, {}, {}, {.reasoning_tokens = 7}};
  played << start("a") << text("Hi") << stop("end_turn") << line;
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->usage.reasoning_tokens, 5);
  EXPECT_TRUE(played.mapper.reusable());
  EXPECT_EQ(played.mapper.run().reasoning_tokens, 12);
}

TEST(turn_mapper, remembers_what_became_of_the_run_before) {
  for (const run_so_far& before : {run_so_far{.strayed = true}, run_so_far{.rewritten = true}}) {
    turn played;
    played.mapper = turn_mapper{&std::chrono::system_clock::now, {}, {}, before};
    played << start("a") << text("Hi") << stop("end_turn") << success();
    EXPECT_FALSE(played.mapper.reusable());
  }
  turn played;
  played.mapper =
    turn_mapper{&std::chrono::system_clock::now, {}, {}, {.rewritten = true, .fell_back = true}};
  played << start("a") << text("Hi");
  const auto* started = std::get_if<domain::answer_started>(&played.events.front());
  ASSERT_NE(started, nullptr);
  EXPECT_TRUE(started->fell_back);
}

TEST(turn_mapper, zeros_of_a_later_line_do_not_wipe_the_input_tokens) {
  message_delta line;
  line.stop_reason = "end_turn";
  line.usage = {.input = 0, .cache_write = 0, .cache_read = 0, .output = 9, .thinking = 0};
  turn played;
  played << start("a") << text("Hi") << line << success();
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->usage.prompt_tokens(), 15);
  EXPECT_EQ(played.finished()->usage.output_tokens, 9);
}

TEST(turn_mapper, absurd_token_counts_do_not_overflow) {
  constexpr auto huge = std::numeric_limits<std::int64_t>::max();
  turn played;
  played << start("a", huge) << text("x") << stop("tool_use", huge) << start("b", huge)
         << stop("end_turn", huge) << success();
  ASSERT_NE(played.finished(), nullptr);
  constexpr std::int64_t most = 1'000'000'000'000; // of one call
  const auto& usage = played.finished()->usage;
  EXPECT_EQ(usage.input_tokens, 2 * most);
  EXPECT_EQ(usage.output_tokens, 2 * most);
  EXPECT_GE(usage.prompt_tokens(), 2 * most);
}

TEST(turn_mapper, a_rejected_rate_limit_tells_when_it_is_lifted) {
  turn played{[] { return std::chrono::system_clock::time_point{1000s}; }};
  rate_limit_event limit;
  limit.status = "rejected";
  limit.resets_at = 1030;
  played << limit << failed(429, "You've hit your limit");
  ASSERT_NE(played.failure(), nullptr);
  EXPECT_EQ(played.failure()->code, domain::error_code::rate_limited);
  EXPECT_EQ(played.failure()->retry_after, 30s);
  EXPECT_TRUE(played.failure()->retry_useful);
}

TEST(turn_mapper, no_failure_behind_visible_text_invites_a_retry) {
  turn played;
  played << start("a") << text("Hi") << failed(529, "API Error: Overloaded");
  ASSERT_NE(played.failure(), nullptr);
  EXPECT_EQ(played.failure()->code, domain::error_code::overloaded);
  EXPECT_FALSE(played.failure()->retry_useful);
}

TEST(turn_mapper, only_the_first_result_counts) {
  turn played;
  played << start("a") << text("Hi") << stop("end_turn") << success() << failed(500, "later");
  EXPECT_NE(played.finished(), nullptr);
  EXPECT_TRUE(played.mapper.reusable());
}

} // namespace
} // namespace ccapi::claude
