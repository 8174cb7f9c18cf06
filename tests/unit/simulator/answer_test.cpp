#include "simulator/answer.hpp"

#include <gtest/gtest.h>

namespace ccapi::simulator {
namespace {

std::string joined(const answer& made) {
  std::string text;
  for (const auto& delta : made.deltas)
    text += delta;
  return text;
}

TEST(demo_answer, says_first_of_all_that_no_claude_was_asked) {
  standin::dialogue known;
  known.add_user("u1", "Hello!");
  const auto text = answer_text("Hello!", known.messages(), 0);
  EXPECT_EQ(text.find("[demo] No Claude was asked"), 0u);
  EXPECT_NE(text.find("You wrote: \"Hello!\""), std::string::npos);
  EXPECT_NE(text.find("knows 1 message"), std::string::npos);
  EXPECT_EQ(text.find("system prompt"), std::string::npos);
}

TEST(demo_answer, shows_what_the_conversation_remembers) {
  standin::dialogue known;
  known.add_user("u1", "My name is Alice.");
  known.add_assistant({}, "Hello Alice.");
  known.add_user("u2", "What is my name?");
  const auto text = answer_text("What is my name?", known.messages(), 9);
  EXPECT_NE(text.find("knows 3 messages: 2 of yours and 1 answer. It began with: \"My name is "
                      "Alice.\""),
            std::string::npos);
  EXPECT_NE(text.find("Its system prompt has 9 bytes."), std::string::npos);
}

TEST(demo_answer, repeats_a_long_question_only_in_part) {
  standin::dialogue known;
  const std::string question(100'000, 'q');
  known.add_user("u1", question);
  const auto text = answer_text(question, known.messages(), 0);
  EXPECT_LT(text.size(), 1000u);
  EXPECT_NE(text.find("qqq…\""), std::string::npos);
}

TEST(cut, loses_nothing_and_makes_several_deltas) {
  const auto made = cut("one two  three\n\nfour", {});
  EXPECT_EQ(made.deltas, (std::vector<std::string>{"one ", "two  ", "three\n\n", "four"}));
  EXPECT_EQ(made.stop_reason, "end_turn");
}

TEST(cut, ends_before_the_stop_sequence_that_comes_first) {
  const auto made = cut("one two three", {.stop = {"three", "two"}, .max_tokens = {}});
  EXPECT_EQ(joined(made), "one ");
  EXPECT_EQ(made.stop_reason, "stop_sequence");
  EXPECT_EQ(made.stop_sequence, "two");
}

TEST(cut, keeps_everything_if_no_stop_sequence_is_there) {
  const auto made = cut("one two", {.stop = {"", "ten"}, .max_tokens = {}});
  EXPECT_EQ(joined(made), "one two");
  EXPECT_EQ(made.stop_reason, "end_turn");
}

TEST(cut, ends_behind_max_tokens_deltas) {
  const auto made = cut("one two three", {.stop = {}, .max_tokens = 2});
  EXPECT_EQ(joined(made), "one two ");
  EXPECT_EQ(made.stop_reason, "max_tokens");
  EXPECT_EQ(cut("one two", {.stop = {}, .max_tokens = 2}).stop_reason, "end_turn");
}

TEST(tokens, are_counted_in_begun_groups_of_four_bytes) {
  EXPECT_EQ(tokens_of(0), 0);
  EXPECT_EQ(tokens_of(1), 1);
  EXPECT_EQ(tokens_of(4), 1);
  EXPECT_EQ(tokens_of(5), 2);
}

TEST(excerpt, splits_no_character_and_stays_on_one_line) {
  EXPECT_EQ(excerpt("a\nb\tc", 10), "a b c");
  EXPECT_EQ(excerpt("abcd", 4), "abcd");
  EXPECT_EQ(excerpt("abcde", 4), "abcd…");
  EXPECT_EQ(excerpt("aé", 2), "a…") << "é has two bytes";
  EXPECT_EQ(excerpt("", 4), "");
}

} // namespace
} // namespace ccapi::simulator
