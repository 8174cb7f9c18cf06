// System text that an answer follows: a prompt, or the question that was answered.

#include "domain/dialogue/opening.hpp"
#include "domain/dialogue/placement.hpp"
#include "domain/dialogue/turn_plan.hpp"
#include "domain/ids.hpp"
#include "messages.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ccapi::domain {
namespace {

using test::assistant;
using test::user;

const std::string default_prompt = "default prompt";

/// As the parser makes it of [`ahead`, `last`] (system texts) and the messages.
chat_request open_request(const std::string& ahead, const std::string& last,
                          std::vector<message> messages, const std::string& late = {}) {
  chat_request made;
  made.model = "m";
  made.messages = std::move(messages);
  made.opening = opening::open;
  auto& prompt = made.system_prompt.emplace(ahead);
  if (!ahead.empty())
    prompt += prompt_paragraph;
  made.question_at = {prompt.size(), last.size()};
  prompt += last;
  if (!late.empty())
    prompt.append(prompt_paragraph).append(late);
  return made;
}

/// As of the system texts alone.
chat_request asked_request(const std::string& ahead, const std::string& last) {
  chat_request made;
  made.model = "m";
  made.opening = opening::asked;
  if (!ahead.empty())
    made.system_prompt = ahead;
  made.messages = {user(last)};
  return made;
}

class openings : public testing::Test {
protected:
  dialogue know(const dialogue_root& root, const std::vector<message>& messages) {
    auto node = index.root(root);
    for (const auto& entry : messages)
      node = index.append(node, entry);
    kept.push_back(node);
    return node;
  }
  dialogue settle(chat_request& request) { return settle_opening(index, request, default_prompt); }

  prefix_index index;
  std::vector<dialogue> kept;
  const dialogue_root bare{"", "m", "chat", default_prompt};
};

TEST(question_reading_test, takes_the_last_text_ahead_out_of_the_prompt) {
  const auto read = [](const std::string& ahead, const std::string& late) {
    const auto reading = as_question(open_request(ahead, "say hi", {assistant("hi")}, late));
    EXPECT_EQ(reading.question, "say hi");
    return reading.system_prompt;
  };
  EXPECT_EQ(read("", ""), std::nullopt);
  EXPECT_EQ(read("be kind", ""), "be kind");
  EXPECT_EQ(read("", "be brief"), "be brief");
  EXPECT_EQ(read("be\n\nkind", "be brief"), "be\n\nkind\n\nbe brief");
}

TEST_F(openings, text_whose_answer_is_known_is_the_question) {
  const auto known = know(bare, {user("say hi"), assistant("hi")});
  auto request = open_request("", "say hi ", {assistant("hi\n"), user("more")});
  EXPECT_EQ(settle(request), known);
  EXPECT_EQ(request.opening, opening::resumed);
  EXPECT_EQ(request.system_prompt, std::nullopt);
  EXPECT_EQ(request.messages, (std::vector{user("say hi "), assistant("hi\n"), user("more")}));
}

TEST_F(openings, text_is_a_prompt_where_it_was_not_answered_so) {
  know(bare, {user("say hi"), assistant("hi")});
  know({"", "m", "chat", "be kind"}, {user("say hi"), assistant("hi there")});
  know({"b", "m", "chat", default_prompt}, {user("be kind"), assistant("hi")});
  know({"", "n", "chat", default_prompt}, {user("be kind"), assistant("hi")});
  know(bare, {user("be kind")});
  know(bare, {user("be kind"), user("x"), assistant("hi")});
  for (auto given : {open_request("", "be kind", {assistant("hi"), user("more")}),
                     open_request("", "say hi", {assistant("hello"), user("more")}),
                     open_request("be kind", "say hi", {assistant("hi"), user("more")}),
                     open_request("", "say hi", {assistant("hi"), user("more")}, "late")}) {
    auto request = given;
    settle(request);
    EXPECT_EQ(request.opening, opening::plain) << *given.system_prompt;
    EXPECT_EQ(request.system_prompt, given.system_prompt);
    EXPECT_EQ(request.messages, given.messages);
  }
}

TEST_F(openings, of_both_readings_the_one_counts_by_which_more_is_known) {
  know(bare, {user("s"), assistant("a")});
  const auto trimmed =
    know({"", "m", "chat", "s"}, {assistant("a"), user("b"), assistant("c"), user("d")});
  auto request = open_request("", "s", {assistant("a"), user("b"), assistant("c"), user("x")});
  EXPECT_EQ(settle(request)->depth(), 3U);
  EXPECT_EQ(request.opening, opening::plain);
  const auto asked = know(bare, {user("s"), assistant("a"), user("b"), assistant("c")});
  request = open_request("", "s", {assistant("a"), user("b"), assistant("c"), user("x")});
  EXPECT_EQ(settle(request), asked);
}

TEST_F(openings, other_requests_are_only_looked_up) {
  const auto known = know(bare, {user("a"), assistant("b")});
  chat_request request;
  request.model = "m";
  request.messages = {user("a"), assistant("b"), user("c")};
  EXPECT_EQ(settle(request), known);
  EXPECT_EQ(request.messages.size(), 3U);
}

TEST_F(openings, a_named_dialogue_tells_by_itself) {
  const auto head = know(bare, {user("say hi"), assistant("hi")});
  auto request = open_request("", "say hi", {assistant("hi"), user("more")});
  const auto plan = *plan_named(index, head, request, default_prompt);
  EXPECT_EQ(plan.before, head);
  EXPECT_EQ(plan.query, user("more"));
  EXPECT_EQ(request.opening, opening::resumed);
  request = open_request("", "be kind", {assistant("hi"), user("more")});
  EXPECT_TRUE(plan_named(index, head, request, default_prompt)->before->depth() == 1);
  EXPECT_EQ(request.system_prompt, "be kind");
  request = open_request("", "say hi", {assistant("hi"), user("more")});
  request.strict = true;
  settle_named_opening(head, request);
  EXPECT_EQ(request.opening, opening::plain) << "the client wants nothing changed";
  request = open_request("", "say hi", {assistant("hi"), user("more")});
  settle_named_opening({}, request);
  EXPECT_EQ(request.opening, opening::plain);
}

TEST(asked_openings_test, only_what_was_asked_stays_open) {
  asked_openings asked;
  auto first = asked_request("be kind", "say hi");
  recall_opening(asked, first);
  EXPECT_EQ(first.opening, opening::asked);
  const auto later = [&](const std::string& ahead, const std::string& last, bool strict = false) {
    auto made = open_request(ahead, last, {assistant("hi"), user("more")});
    made.strict = strict;
    recall_opening(asked, made);
    return made.opening;
  };
  EXPECT_EQ(later("be kind", "say hi\n"), opening::open);
  EXPECT_EQ(later("be kind", "say hi", true), opening::plain);
  EXPECT_EQ(later("", "say hi"), opening::plain);
  EXPECT_EQ(later("be kind", "be brief"), opening::plain);
  chat_request ordinary = asked_request("", "as a user");
  ordinary.opening = opening::plain;
  recall_opening(asked, ordinary);
  EXPECT_EQ(later("", "as a user"), opening::plain);
}

TEST(asked_openings_test, it_is_bounded_and_forgets_the_oldest) {
  asked_openings asked;
  const auto nth = [](std::uint64_t n) { return 7 + n * asked_openings::groups; };
  for (std::uint64_t n = 0; n < asked_openings::group_size; ++n)
    asked.note(nth(n));
  asked.note(nth(0));
  for (std::uint64_t n = 0; n < asked_openings::group_size; ++n)
    EXPECT_TRUE(asked.has(nth(n)));
  asked.note(nth(9));
  EXPECT_TRUE(asked.has(nth(9)));
  EXPECT_FALSE(asked.has(nth(0)));
  EXPECT_FALSE(asked.has(8));
}

TEST(placement, an_open_opening_belongs_where_its_question_does) {
  const placement many{{}, shards_max};
  for (const auto* ahead : {"", "be kind"}) {
    const auto first = asked_request(ahead, "say hi");
    const auto later = open_request(ahead, "say hi ", {assistant("hi"), user("more")});
    EXPECT_EQ(many.home_of_dialogue(first), many.home_of_dialogue(later));
  }
  // As a prompt it does not: the dialogues of a prompt that greets are spread.
  const placement four{{}, 4};
  std::set<std::uint32_t> shards;
  for (int i = 0; i < 100; ++i) {
    auto request = open_request("", "be kind", {assistant("hi"), user(std::to_string(i))});
    request.opening = opening::plain;
    shards.insert(four.home_of_dialogue(request).shard);
  }
  EXPECT_EQ(shards.size(), 4U);
}

} // namespace
} // namespace ccapi::domain
