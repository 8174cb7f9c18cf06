#include "turn_lines.hpp"

#include <gtest/gtest.h>

// turn_mapper: what of a turn is shown, and in which order.

namespace ccapi::claude {
namespace {

using namespace test;

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

TEST(turn_mapper, gives_no_answer_to_a_message_without_its_pictures) {
  assistant own;
  own.id = "x";
  own.model = "<synthetic>";
  own.error = "invalid_request";
  own.text = "API Error: an image in the conversation could not be processed and was removed.";
  assistant whole;
  whole.id = "b";
  whole.text = "Hi";
  whole.stop_reason = "end_turn";
  for (const bool streamed : {true, false}) {
    turn played;
    played << own;
    EXPECT_EQ(played.failure(), nullptr) << "the CLI may end the turn by itself";
    if (streamed)
      played << start("b");
    else
      played << whole;
    ASSERT_NE(played.failure(), nullptr);
    EXPECT_EQ(played.failure()->code, domain::error_code::invalid_request);
    EXPECT_EQ(played.failure()->param, "messages");
    EXPECT_TRUE(played.mapper.interrupt_wanted());
    played << text("Hi") << stop("end_turn") << success();
    EXPECT_EQ(played.text(), "");
    EXPECT_FALSE(played.mapper.reusable());
  }
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

} // namespace
} // namespace ccapi::claude
