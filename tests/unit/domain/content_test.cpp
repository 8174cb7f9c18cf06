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

std::vector<std::string> pieces(const message& what, std::size_t index) {
  std::vector<std::string> all;
  each_piece(what, index, [&all](std::string_view piece) { all.emplace_back(piece); });
  return all;
}

message with_call(std::string text, tool_use_block call) {
  auto what = assistant(std::move(text));
  what.content.emplace_back(std::move(call));
  return what;
}

message results(std::vector<tool_result_block> all) {
  message what;
  for (auto& each : all)
    what.content.emplace_back(std::move(each));
  return what;
}

image_block image(std::uint64_t hash) {
  return {"image/png", std::make_shared<const std::string>("aGk="), {hash, 0}};
}

TEST(content, documents_are_the_same_by_bytes_and_title) {
  const auto with = [](std::string title, std::uint64_t hash) {
    message what;
    what.content.emplace_back(document_block{
      "application/pdf", std::move(title), std::make_shared<const std::string>("aGk="), {hash, 0}});
    return what;
  };
  EXPECT_TRUE(same_message(with("a", 1), with("a", 1)));
  EXPECT_FALSE(same_message(with("a", 1), with("b", 1)));
  EXPECT_FALSE(same_message(with("a", 1), with("a", 2)));
  message picture;
  picture.content.emplace_back(image(1));
  EXPECT_FALSE(same_message(with("a", 1), picture));
  EXPECT_FALSE(says_nothing(with("", 1)));
}

TEST(content, calls_are_the_same_by_name_and_values_whatever_their_ids) {
  const auto call =
    with_call("Let me see.", {"id", "look", R"({"b":1, "a":2})", R"({"a":2,"b":1})"});
  EXPECT_TRUE(
    same_message(call, with_call("Let me see.\n\n", {"id", "look", R"({"a":2,"b":1})", ""})));
  EXPECT_TRUE(
    same_message(call, with_call("Let me see.", {"id2", "look", R"({"a":2,"b":1})", ""})));
  EXPECT_FALSE(
    same_message(call, with_call("Let me see.", {"id", "Look", R"({"a":2,"b":1})", ""})));
  EXPECT_FALSE(
    same_message(call, with_call("Let me see.", {"id", "look", R"({"a":2,"b":2})", ""})));
  EXPECT_FALSE(same_message(call, assistant("Let me see.")));
  EXPECT_EQ(calls_of(call).size(), 1U);
  EXPECT_EQ(plain_text(call), "Let me see.");
}

TEST(content, results_are_the_same_by_content_and_error_whatever_their_ids) {
  const auto one = results({{"id", {text_block{"sunny"}}, false}});
  EXPECT_TRUE(same_message(one, results({{"id2", {text_block{"sunny"}}, false}})));
  EXPECT_FALSE(same_message(one, results({{"id", {text_block{"sunny "}}, false}})));
  EXPECT_FALSE(same_message(one, results({{"id", {text_block{"sunny"}}, true}})));
  EXPECT_FALSE(same_message(one, results({{"id", {}, false}})));
  EXPECT_FALSE(same_message(one, results({{"id", {text_block{"sun"}, text_block{"ny"}}, false}})));
  const auto picture = results({{"id", {image(7)}, false}});
  EXPECT_TRUE(same_message(picture, results({{"id", {image(7)}, false}})));
  EXPECT_FALSE(same_message(picture, results({{"id", {image(8)}, false}})));
  EXPECT_FALSE(same_message(picture, results({{"id", {text_block{"image/png"}}, false}})));
}

TEST(content, results_answer_calls_if_there_is_one_for_each_and_nothing_else) {
  const auto both = results({{"b", {}, false}, {"a", {}, false}});
  EXPECT_TRUE(has_results(both));
  EXPECT_TRUE(answers_calls(both, 2));
  EXPECT_FALSE(answers_calls(both, 1));
  EXPECT_FALSE(answers_calls(both, 3));
  EXPECT_FALSE(answers_calls(results({}), 0));
  auto more = both;
  more.content.emplace_back(text_block{"and then?"});
  EXPECT_FALSE(answers_calls(more, 2));
  EXPECT_FALSE(answers_calls(more, 3));
  EXPECT_FALSE(has_results(user("a")));
}

TEST(content, text_that_comes_behind_a_call_still_stands_ahead_of_it) {
  auto answer = with_call("", {"id", "look", "{}", ""});
  append_text(answer, "Looking.");
  append_text(answer, " Now.");
  ASSERT_EQ(answer.content.size(), 2U);
  EXPECT_EQ(std::get<text_block>(answer.content.front()).text, "Looking. Now.");
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
  EXPECT_EQ(pieces(two, 0), std::vector<std::string>{"a "});
  EXPECT_EQ(pieces(two, 1), std::vector<std::string>{"b"});
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
