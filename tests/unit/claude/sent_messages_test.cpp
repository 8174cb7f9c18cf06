#include "claude/sent_messages.hpp"

#include <gtest/gtest.h>

namespace ccapi::claude {
namespace {

TEST(sent_messages, older_versions_keep_what_no_answer_comes_ahead_of) {
  sent_messages sent;
  sent.add_user("a");
  sent.add_user("b");
  sent.add_answer();
  sent.add_user("c");
  EXPECT_EQ(sent.rewindable(true), 3U);
  EXPECT_EQ(sent.rewindable(false), 1U);
  EXPECT_EQ(sent.uuid(), "c");
  EXPECT_EQ(sent.uuid(2), "a");
}

TEST(sent_messages, what_was_left_out_holds_all_that_came_before_it) {
  sent_messages sent;
  sent.add_user("a");
  sent.add_user({});
  sent.add_answer();
  EXPECT_EQ(sent.rewindable(true), 0U);
  sent.add_user("b");
  EXPECT_EQ(sent.rewindable(true), 1U);
}

TEST(sent_messages, answers_are_forgotten_with_their_questions) {
  sent_messages sent;
  sent.add_user("a");
  sent.add_answer();
  sent.add_user("b");
  sent.forget_last(2);
  EXPECT_EQ(sent.size(), 0U);
  sent.add_user("c");
  EXPECT_EQ(sent.rewindable(false), 0U) << "no answer comes ahead of it any more";
  sent.forget_last(5);
  EXPECT_EQ(sent.rewindable(true), 0U);
}

} // namespace
} // namespace ccapi::claude
