#include "claude/sent_messages.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ccapi::claude {
namespace {

TEST(sent_messages, older_versions_keep_what_no_answer_comes_ahead_of) {
  sent_messages sent;
  sent.add_user("a");
  sent.add_user("b");
  sent.add_answer();
  sent.add_user("c");
  EXPECT_EQ(sent.rewindable(true, 12), 3U);
  EXPECT_EQ(sent.rewindable(false, 12), 1U);
  EXPECT_EQ(sent.uuid(), "c");
  EXPECT_EQ(sent.lines_of(2), (std::vector<std::string>{"c", "b"}));
}

TEST(sent_messages, what_was_left_out_holds_all_that_came_before_it) {
  sent_messages sent;
  sent.add_user("a");
  sent.add_user({});
  sent.add_answer();
  EXPECT_EQ(sent.rewindable(true, 12), 0U);
  sent.add_user("b");
  EXPECT_EQ(sent.rewindable(true, 12), 1U);
}

TEST(sent_messages, answers_are_forgotten_with_their_questions) {
  sent_messages sent;
  sent.add_user("a");
  sent.add_answer();
  sent.add_user("b");
  sent.forget_questions(2);
  EXPECT_EQ(sent.size(), 0U);
  sent.add_user("c");
  EXPECT_EQ(sent.rewindable(false, 12), 0U) << "no answer comes ahead of it any more";
  sent.forget_questions(5);
  EXPECT_EQ(sent.rewindable(true, 12), 0U);
}

TEST(sent_messages, results_are_taken_back_with_the_question_ahead_of_them) {
  using kind = sent_messages::kind;
  sent_messages sent;
  sent.add_user("a");
  sent.add_answer();
  sent.add_user("b");
  sent.add_user({}, kind::results_of_calls);
  sent.add_user("c", kind::results);
  EXPECT_EQ(sent.rewindable(true, 12), 2U);
  EXPECT_EQ(sent.rewindable(true, 2), 1U);
  EXPECT_EQ(sent.rewindable(true, 1), 0U);
  EXPECT_EQ(sent.lines_of(1), (std::vector<std::string>{"c", "b"}));
  sent.forget_questions(1);
  EXPECT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent.uuid(), "a");
}

} // namespace
} // namespace ccapi::claude
