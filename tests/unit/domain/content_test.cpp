// What a message holds, and what of it counts.

#include "messages.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using test::assistant;
using test::user;

TEST(content, empty_text_is_no_block) {
  EXPECT_TRUE(user("").content.empty());
  auto answer = assistant("");
  append_text(answer, "");
  EXPECT_TRUE(answer.content.empty());
}

TEST(content, text_that_is_appended_stays_one_block) {
  auto answer = assistant("");
  append_text(answer, "one ");
  append_text(answer, "two");
  EXPECT_EQ(answer, assistant("one two"));
  EXPECT_EQ(plain_text(answer), "one two");
}

TEST(content, white_space_counts_but_at_the_end_of_the_last_block) {
  auto two = user("a ");
  two.content.emplace_back(text_block{"b "});
  EXPECT_EQ(canonical_bytes(two, 0), "a ");
  EXPECT_EQ(canonical_bytes(two, 1), "b");
  EXPECT_EQ(plain_text(two), "a b ");
}

TEST(content, what_is_blank_says_nothing) {
  EXPECT_TRUE(says_nothing(assistant("")));
  EXPECT_TRUE(says_nothing(assistant(" \n")));
  EXPECT_FALSE(says_nothing(assistant(" x")));
  auto two = user("a");
  two.content.emplace_back(text_block{" "});
  EXPECT_FALSE(says_nothing(two));
}

TEST(content, weighs_its_texts_and_gives_back_what_is_not_needed) {
  EXPECT_GE(heap_bytes(user(std::string(1000, 'x'))), 1000U);
  auto large = user("x");
  std::get<text_block>(large.content.front()).text.reserve(1 << 20);
  EXPECT_GE(heap_bytes(large), std::size_t{1} << 20);
  shrink(large);
  EXPECT_LT(heap_bytes(large), 1000U);
}

} // namespace
} // namespace ccapi::domain
