#include "claude/turn_mapper.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

namespace ccapi::claude {
namespace {

using namespace std::chrono_literals;

/// Feeds lines of one turn and keeps what came out.
class turn {
public:
  explicit turn(turn_mapper::wall_clock now = &std::chrono::system_clock::now)
    : mapper{now} {}

  turn& operator<<(const message& line) {
    mapper.on_message(line, events);
    return *this;
  }
  [[nodiscard]] std::string text() const {
    std::string shown;
    for (const auto& event : events)
      if (const auto* delta = std::get_if<domain::text_delta>(&event))
        shown += delta->text;
    return shown;
  }
  [[nodiscard]] const domain::turn_finished* finished() const {
    return events.empty() ? nullptr : std::get_if<domain::turn_finished>(&events.back());
  }
  [[nodiscard]] const domain::error* failure() const {
    const auto* failed =
      events.empty() ? nullptr : std::get_if<domain::turn_failed>(&events.back());
    return failed != nullptr ? &failed->failure : nullptr;
  }

  turn_mapper mapper;
  std::vector<domain::event> events;
};

message start(std::string_view id, std::int64_t input = 10, std::string_view parent = {}) {
  return message_start{.id = id,
                       .model = "claude-x",
                       .usage = {.input = input,
                                 .cache_write = 2,
                                 .cache_read = 3,
                                 .output = 1,
                                 .thinking = std::nullopt},
                       .parent_tool_use_id = parent};
}

message text(std::string_view words, std::string_view parent = {}) {
  return content_block_delta{
    .index = 0, .kind = delta_kind::text, .text = words, .parent_tool_use_id = parent};
}

message thinking(std::string_view words) {
  return content_block_delta{
    .index = 0, .kind = delta_kind::thinking, .text = words, .parent_tool_use_id = {}};
}

message stop(std::string_view reason, std::int64_t output = 40) {
  message_delta line;
  line.stop_reason = reason;
  line.usage.output = output;
  return line;
}

message whole(std::string_view id, std::string_view words, std::string_view reason) {
  assistant line;
  line.id = id;
  line.model = "claude-x";
  line.text = words;
  line.stop_reason = reason;
  line.usage.input = 5;
  line.usage.output = 7;
  return line;
}

result success(std::string_view reason = "end_turn") {
  result line;
  line.subtype = "success";
  line.stop_reason = reason;
  return line;
}

result failed(std::optional<std::int64_t> status, std::string_view text) {
  result line;
  line.subtype = "success";
  line.is_error = true;
  line.api_error_status = status;
  line.text = text;
  return line;
}

message retry(std::int64_t delay_ms = 500) {
  api_retry line;
  line.delay_ms = delay_ms;
  line.error = "unknown";
  return line;
}

TEST(turn_mapper, tells_the_start_before_the_first_delta) {
  turn played;
  played << start("a") << thinking("hm") << text("Hi");
  ASSERT_EQ(played.events.size(), 3U);
  EXPECT_EQ(std::get<domain::answer_started>(played.events[0]).model, "claude-x");
  EXPECT_EQ(std::get<domain::reasoning_delta>(played.events[1]).text, "hm");
  EXPECT_EQ(std::get<domain::text_delta>(played.events[2]).text, "Hi");
  EXPECT_TRUE(played.mapper.visible());
  EXPECT_FALSE(played.mapper.answered());
  EXPECT_FALSE(played.mapper.over());
}

TEST(turn_mapper, finishes_only_with_the_result) {
  turn played;
  played << start("a") << text("Hi") << stop("end_turn");
  EXPECT_FALSE(played.mapper.answered());
  played << success();
  EXPECT_TRUE(played.mapper.over());
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->reason, domain::finish_reason::stop);
}

TEST(turn_mapper, ignores_empty_deltas) {
  turn played;
  played << start("a") << text("") << thinking("");
  EXPECT_EQ(played.events.size(), 1U);
  EXPECT_FALSE(played.mapper.visible());
}

TEST(turn_mapper, an_answer_without_text_is_an_answer) {
  turn played;
  played << start("a") << stop("end_turn") << success();
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_TRUE(played.mapper.reusable());
}

TEST(turn_mapper, keeps_output_of_sub_agents_to_itself) {
  turn played;
  played << start("a") << start("sub", 1000, "toolu_1") << text("secret", "toolu_1") << text("Hi")
         << stop("end_turn") << success();
  EXPECT_EQ(played.text(), "Hi");
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->usage.input_tokens, 10);
}

TEST(turn_mapper, never_shows_the_cli_own_messages) {
  assistant own;
  own.id = "x";
  own.model = "<synthetic>";
  own.text = "API Error: 500";
  turn played;
  played << own << failed(500, "API Error: 500");
  EXPECT_EQ(played.text(), "");
  EXPECT_NE(played.failure(), nullptr);
}

TEST(turn_mapper, cuts_the_answer_at_the_token_limit_and_asks_for_an_interrupt) {
  turn played;
  played << start("a") << text("partial") << stop("max_tokens");
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->reason, domain::finish_reason::length);
  EXPECT_TRUE(played.mapper.interrupt_wanted());
  const auto told = played.events.size();
  played << start("b") << text("more") << stop("end_turn") << success();
  EXPECT_EQ(played.events.size(), told) << "nothing comes after the end of the answer";
  EXPECT_TRUE(played.mapper.over());
  EXPECT_FALSE(played.mapper.interrupt_wanted());
  EXPECT_FALSE(played.mapper.reusable());
}

TEST(turn_mapper, an_attempt_that_showed_nothing_is_replaced_and_not_counted) {
  turn played;
  played << start("a", 1000) << start("b", 10) << text("Hi") << stop("end_turn") << success();
  EXPECT_EQ(played.text(), "Hi");
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->usage, (domain::usage{.input_tokens = 10,
                                                     .cache_write_tokens = 2,
                                                     .cache_read_tokens = 3,
                                                     .output_tokens = 40,
                                                     .reasoning_tokens = 0}));
  EXPECT_TRUE(played.mapper.reusable());
}

TEST(turn_mapper, text_is_never_shown_twice_when_an_attempt_is_lost) {
  turn played;
  played << start("a") << text("One ") << start("b") << text("One ") << text("two");
  EXPECT_EQ(played.text(), "One ");
  ASSERT_NE(played.failure(), nullptr);
  EXPECT_EQ(played.failure()->code, domain::error_code::upstream_error);
  EXPECT_FALSE(played.failure()->retry_useful);
  EXPECT_TRUE(played.mapper.interrupt_wanted());
  played << failed(std::nullopt, "");
  EXPECT_FALSE(played.mapper.reusable());
}

TEST(turn_mapper, shown_reasoning_counts_as_visible_for_a_lost_attempt) {
  turn played;
  played << start("a") << thinking("hm") << retry();
  EXPECT_NE(played.failure(), nullptr);
  EXPECT_TRUE(played.mapper.interrupt_wanted());
}

TEST(turn_mapper, a_retry_after_a_finished_call_of_the_turn_is_no_loss) {
  turn played;
  played << start("a") << text("Let me look. ") << stop("tool_use") << retry() << start("b")
         << text("Done.") << stop("end_turn") << success();
  EXPECT_EQ(played.text(), "Let me look. Done.");
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->usage.output_tokens, 80);
  EXPECT_EQ(played.finished()->usage.input_tokens, 20);
}

TEST(turn_mapper, shows_a_message_that_came_whole) {
  turn played;
  played << whole("m", "All ", "") << whole("m", "of it", "end_turn") << success();
  EXPECT_EQ(played.text(), "All of it");
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->usage.output_tokens, 7);
  EXPECT_TRUE(std::holds_alternative<domain::answer_started>(played.events.front()));
}

TEST(turn_mapper, cuts_a_whole_message_that_hit_the_token_limit) {
  turn played;
  played << whole("m", "All", "max_tokens");
  ASSERT_NE(played.finished(), nullptr);
  EXPECT_EQ(played.finished()->reason, domain::finish_reason::length);
  EXPECT_TRUE(played.mapper.interrupt_wanted());
}

TEST(turn_mapper, shows_no_streamed_block_again_as_a_whole) {
  turn played;
  played << start("a") << text("Hi") << whole("a", "Hi", "") << stop("end_turn") << success();
  EXPECT_EQ(played.text(), "Hi");
}

TEST(turn_mapper, survives_a_lost_start_line) {
  turn played;
  played << text("Hi") << stop("end_turn") << success();
  EXPECT_EQ(played.text(), "Hi");
  EXPECT_TRUE(std::holds_alternative<domain::answer_started>(played.events.front()));
  EXPECT_NE(played.finished(), nullptr);
}

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
  EXPECT_EQ(played.finished()->usage.input_tokens, huge);
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
