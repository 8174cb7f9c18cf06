// How a request goes on with what is known, and how a process gets there.

#include "domain/dialogue/turn_plan.hpp"
#include "messages.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using test::assistant;
using test::user;

std::vector<message> told(const turn_plan& plan, const dialogue_node* stands = nullptr,
                          std::size_t recalled_max = 0) {
  std::vector<message> all;
  for (const auto* entry : seed_for(plan, stands, recalled_max))
    all.push_back(*entry);
  return all;
}

class plans : public testing::Test {
protected:
  chat_request request(std::vector<message> messages,
                       std::optional<std::string> system = std::nullopt) {
    return {.request_id = "r",
            .model = "m",
            .system_prompt = std::move(system),
            .messages = std::move(messages),
            .sampling = {},
            .conversation_id = std::nullopt};
  }
  turn_plan named(const dialogue& so_far, chat_request given) {
    return *plan_named(index, so_far, given, "default prompt");
  }
  turn_plan whole(chat_request given, const dialogue& so_far = {}) {
    const std::span history{given.messages.data(), given.messages.size() - 1};
    const auto known = index.longest(root_of(given, "default prompt"), history);
    return plan_whole(index, so_far, known, given, "default prompt");
  }
  dialogue grow(dialogue from, const std::vector<message>& messages) {
    for (const auto& entry : messages)
      from = index.append(from, entry);
    return from;
  }

  prefix_index index;
  const std::vector<message> two_turns{user("a"), assistant("b"), user("c"), assistant("d")};
  const dialogue head = grow(index.root({"", "m", "chat", "be brief"}), two_turns);
};

// -- named ---------------------------------------------------------------------------------------

TEST_F(plans, new_conversation_is_told_all_but_the_last_message) {
  const auto plan = named({}, request({user("a"), assistant("b"), user("c")}));
  EXPECT_EQ(plan.query, user("c"));
  EXPECT_EQ(told(plan), (std::vector{user("a"), assistant("b")}));
  EXPECT_EQ(plan.before->root().origin().system_prompt, "default prompt");
  EXPECT_EQ(outcome_of(plan, {}), match_outcome::seeded);
}

TEST_F(plans, systemless_request_keeps_the_conversations_prompt) {
  const auto plan = named(head, request({user("e")}));
  EXPECT_EQ(plan.before, head);
  EXPECT_EQ(plan.recalled, 4U);
  EXPECT_EQ(told(plan), two_turns);
}

TEST_F(plans, of_several_new_user_messages_the_last_is_the_query) {
  const auto plan = named(head, request({user("e"), user("f")}));
  EXPECT_EQ(told(plan, head.get()), std::vector{user("e")});
  EXPECT_EQ(plan.query, user("f"));
}

TEST_F(plans, resent_history_is_only_what_is_new) {
  auto messages = two_turns;
  messages.push_back(user("e"));
  const auto plan = named(head, request(messages, "be brief"));
  EXPECT_EQ(plan.before, head);
  EXPECT_EQ(plan.recalled, 0U) << "none of it may be left out";
}

TEST_F(plans, anything_else_is_a_branch) {
  const auto plan =
    named(head, request({user("a"), assistant("b"), user("other"), assistant("x"), user("y")}));
  EXPECT_TRUE(plan.branches);
  EXPECT_EQ(told(plan), (std::vector{user("a"), assistant("b"), user("other"), assistant("x")}));
  EXPECT_EQ(outcome_of(plan, {}), match_outcome::branched);
}

TEST_F(plans, other_system_prompt_keeps_the_messages_but_no_process) {
  const auto plan = named(head, request({user("e")}, "be long"));
  EXPECT_EQ(told(plan), two_turns);
  EXPECT_EQ(plan.before->root().origin().system_prompt, "be long");
  EXPECT_FALSE(plan_reuse(plan.before, head, 9));
}

TEST_F(plans, recalled_messages_are_cut_at_a_user_message) {
  const auto plan = named(head, request({user("e")}));
  EXPECT_EQ(told(plan, nullptr, 3), (std::vector{user("c"), assistant("d")}));
  EXPECT_EQ(told(plan, nullptr, 1), std::vector<message>{});
  EXPECT_EQ(told(plan, nullptr, 4), two_turns);
  auto messages = two_turns;
  messages.push_back(user("e"));
  EXPECT_EQ(told(named(head, request(messages)), nullptr, 1), two_turns);
}

// -- calls of tools ------------------------------------------------------------------------------

message calls(const std::string& id) {
  auto what = assistant("");
  what.content.emplace_back(tool_use_block{id, "look", "{}", ""});
  return what;
}
message results(const std::string& id) {
  message what;
  what.content.emplace_back(tool_result_block{id, {text_block{"seen"}}, false});
  return what;
}

TEST_F(plans, results_are_taken_back_with_their_question_only) {
  auto messages = two_turns; // a b c d, then a loop of two steps
  for (const auto& more :
       {user("q"), calls("1"), results("1"), calls("2"), results("2"), assistant("done")})
    messages.push_back(more);
  auto at = index.root({"", "m", "chat", "be brief"});
  std::vector<dialogue> nodes{at};
  for (const auto& each : messages)
    nodes.push_back(at = index.append(at, each));
  const auto to_question = plan_reuse(nodes[4], at, 9);
  ASSERT_TRUE(to_question);
  EXPECT_EQ(to_question->rewinds, 1U);
  EXPECT_EQ(to_question->stands, nodes[4].get());
  const auto into_loop = plan_reuse(nodes[6], at, 9);
  ASSERT_TRUE(into_loop);
  EXPECT_EQ(into_loop->rewinds, 1U);
  EXPECT_EQ(into_loop->stands, nodes[4].get()) << "the loop's beginning has to be told again";
  EXPECT_EQ(plan_reuse(nodes[2], at, 9)->rewinds, 2U);
  EXPECT_FALSE(plan_reuse(nodes[2], at, 1));
}

TEST_F(plans, a_run_whose_calls_are_not_answered_goes_with_its_question) {
  auto parked = index.append(index.append(head, user("q")), calls("1"));
  const auto how = plan_reuse(parked, parked, 9, false, true);
  ASSERT_TRUE(how);
  EXPECT_EQ(how->rewinds, 1U);
  EXPECT_EQ(how->stands, head.get());
  EXPECT_FALSE(plan_reuse(parked, parked, 0, false, true));
  EXPECT_EQ(plan_reuse(parked, parked, 9)->rewinds, 0U);
}

TEST_F(plans, results_alone_answer_the_calls_of_a_named_conversation) {
  auto open = calls("1");
  open.content.emplace_back(tool_use_block{"2", "look", "{}", ""});
  const auto parked = grow(head, {user("q"), open});
  auto both = results("2");
  both.content.push_back(results("1").content.front());
  const auto plan = named(parked, request({both}));
  EXPECT_EQ(plan.before, parked);
  auto ordered = results("1");
  ordered.content.push_back(results("2").content.front());
  EXPECT_EQ(plan.query, ordered);
  for (const auto& wrong : {results("1"), results("3")}) {
    auto refused = request({wrong});
    const auto none = plan_named(index, parked, refused, "default prompt");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, error_code::invalid_request);
    EXPECT_NE(none.error().message.find("'2'"), std::string::npos) << none.error().message;
  }
  both.content.push_back(results("3").content.front());
  auto unknown = request({both});
  EXPECT_NE(plan_named(index, parked, unknown, "").error().message.find("'3'"), std::string::npos);
}

TEST_F(plans, results_without_ids_go_by_order_behind_those_that_name_a_call) {
  auto open = calls("1");
  for (const std::string id : {"2", "3"})
    open.content.emplace_back(tool_use_block{id, "look", "{}", ""});
  const auto parked = grow(head, {user("q"), open});
  const auto result = [](const std::string& id, const std::string& text) {
    return tool_result_block{id, {text_block{text}}, false};
  };
  message mixed;
  for (const auto& each : {result("", "a"), result("1", "b"), result("", "c")})
    mixed.content.emplace_back(each);
  message ordered;
  for (const auto& each : {result("1", "b"), result("2", "a"), result("3", "c")})
    ordered.content.emplace_back(each);
  EXPECT_EQ(named(parked, request({mixed})).query, ordered);
  mixed.content.emplace_back(result("", "d"));
  auto refused = request({mixed});
  EXPECT_NE(plan_named(index, parked, refused, "").error().message.find("more results"),
            std::string::npos);
}

TEST_F(plans, a_named_conversation_knows_its_calls_by_the_ids_that_its_client_got) {
  const auto parked = grow(head, {user("q"), calls("1")});
  const std::vector<std::string> ids{"own"};
  auto given = request({results("own")});
  const auto plan = plan_named(index, parked, given, "", ids);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->query, results("1")) << "as the dialogue has it";
}

TEST_F(plans, a_question_in_place_of_results_tells_the_calls_so) {
  const auto parked = grow(head, {user("q"), calls("1")});
  const auto plan = named(parked, request({user("never mind")}));
  EXPECT_EQ(plan.before, parked);
  ASSERT_EQ(plan.query.content.size(), 2U);
  const auto& told = std::get<tool_result_block>(plan.query.content[0]);
  EXPECT_EQ(told.call_id, "1");
  EXPECT_TRUE(told.is_error);
  EXPECT_EQ(std::get<text_block>(plan.query.content[1]).text, "never mind");
}

TEST_F(plans, results_behind_no_call_are_text_in_a_branch_as_well) {
  const auto plan = named(head, request({results("1"), assistant("ok"), user("next")}));
  EXPECT_TRUE(plan.results_as_text);
  EXPECT_EQ(told(plan).front(), user("seen"));
}

TEST_F(plans, results_of_calls_that_are_not_open_are_refused_where_nothing_else_is_said) {
  auto alone = request({results("1")});
  const auto plan = plan_named(index, head, alone, "", {});
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("'1'"), std::string::npos) << plan.error().message;
  auto and_words = results("1");
  and_words.content.emplace_back(text_block{"and now?"});
  EXPECT_TRUE(named(head, request({and_words})).results_as_text);
}

TEST_F(plans, pictures_behind_no_call_are_the_users) {
  const image_block shown{"image/png", std::make_shared<const std::string>("aGk="), {}};
  auto picture = results("");
  std::get<tool_result_block>(picture.content.front()).parts.emplace_back(shown);
  const auto plan = named(head, request({picture}));
  EXPECT_TRUE(plan.results_as_text);
  auto expected = user("seen");
  expected.content.emplace_back(shown);
  EXPECT_EQ(plan.query, expected);
}

TEST_F(plans, pictures_of_the_whole_dialogue_are_counted_when_more_come) {
  const image_block shown{"image/png", std::make_shared<const std::string>("aGk="), {}};
  auto two = user("look");
  two.content.emplace_back(shown);
  two.content.emplace_back(shown);
  auto seen = results("1");
  std::get<tool_result_block>(seen.content.front()).parts.emplace_back(shown);
  const auto at = grow(head, {two, calls("1"), seen, assistant("ok")});
  const auto more = named(at, request({two}));
  EXPECT_FALSE(shows_more_media(more, 5));
  EXPECT_TRUE(shows_more_media(more, 4));
  EXPECT_FALSE(shows_more_media(named(at, request({user("on")})), 2)) << "none come";
}

TEST_F(plans, results_behind_no_call_are_text) {
  for (const auto& at : {head, dialogue{}}) {
    const auto plan = named(at, request({results("")}));
    EXPECT_EQ(plan.query, user("seen"));
    EXPECT_TRUE(plan.results_as_text);
  }
}

TEST_F(plans, what_is_recalled_never_begins_with_results) {
  auto at = head;
  for (const auto& more : {user("q"), calls("1"), results("1"), assistant("done")})
    at = index.append(at, more);
  const auto plan = named(at, request({user("e")}));
  EXPECT_EQ(told(plan, nullptr, 2), std::vector<message>{});
  EXPECT_EQ(told(plan, nullptr, 4).front(), user("q"));
}

// -- whole ---------------------------------------------------------------------------------------

TEST_F(plans, whole_dialogue_goes_on_where_it_is_known) {
  auto messages = two_turns;
  append_text(messages[1], "  \n");
  messages.push_back(user("e"));
  const auto plan = whole(request(messages, "be brief"), head);
  EXPECT_EQ(plan.before, head);
  EXPECT_EQ(outcome_of(plan, plan_reuse(plan.before, head, 0)), match_outcome::continued);
  EXPECT_EQ(outcome_of(plan, {}), match_outcome::seeded) << "its process has gone";
}

TEST_F(plans, whole_dialogue_that_leaves_a_known_one_branches) {
  const auto plan = whole(request({user("a"), assistant("b"), user("x")}, "be brief"));
  EXPECT_TRUE(plan.branches);
  EXPECT_EQ(outcome_of(plan, {}), match_outcome::branched);
  const auto how = plan_reuse(plan.before, head, 2);
  ASSERT_TRUE(how);
  EXPECT_EQ(how->rewinds, 1U);
  EXPECT_EQ(outcome_of(plan, how), match_outcome::rewound);
}

TEST_F(plans, first_message_alone_is_fresh) {
  EXPECT_EQ(outcome_of(whole(request({user("a")}, "be brief")), {}), match_outcome::fresh);
}

TEST_F(plans, trimmed_history_is_seeded) {
  const auto plan = whole(request({user("c"), assistant("d"), user("e")}, "be brief"));
  EXPECT_EQ(outcome_of(plan, {}), match_outcome::seeded);
}

TEST_F(plans, calls_of_a_known_dialogue_are_found_by_any_ids_and_keep_their_own) {
  const auto known = grow(head, {user("q"), calls("toolu_1")});
  for (const std::string given : {"toolu_1", "renamed", ""}) {
    auto messages = two_turns;
    for (const auto& more : {user("q"), calls(given), results(given)})
      messages.push_back(more);
    const auto plan = whole(request(messages, "be brief"), known);
    EXPECT_EQ(plan.before, known) << given;
    EXPECT_EQ(plan.query, results("toolu_1")) << given;
  }
}

TEST_F(plans, results_that_move_to_another_root_go_with_the_calls_that_are_known_there) {
  const auto mine = grow(head, {user("q"), calls("toolu_a"), results("toolu_a"), assistant("A")});
  auto other = results("toolu_b");
  std::get<tool_result_block>(other.content.front()).parts = {text_block{"seen by b"}};
  auto there = two_turns;
  for (const auto& more : {user("q"), calls("toolu_b"), other})
    there.push_back(more);
  const auto known = grow(index.root({"", "m", "chat", "be long"}), there); // kept alive
  const auto plan = named(mine, request({user("next")}, "be long"));
  const auto messages = told(plan);
  ASSERT_EQ(messages.size(), 8U);
  EXPECT_EQ(calls_of(messages[5]).front()->id, "toolu_b");
  EXPECT_EQ(messages[6], results("toolu_b"));
}

TEST_F(plans, calls_of_a_dialogue_that_nobody_knows_get_ids_that_no_other_has) {
  auto both = calls("c");
  both.content.emplace_back(tool_use_block{"c", "look", "{}", ""});
  auto of_both = results("c");
  of_both.content.push_back(of_both.content.front());
  const auto plan = whole(request({user("q"), both, of_both, calls("c_2"), results("c_2")}));
  const auto messages = told(plan);
  ASSERT_EQ(messages.size(), 4U);
  std::vector<std::string> ids;
  for (const auto& each : messages)
    for (const auto* call : calls_of(each))
      ids.push_back(call->id);
  EXPECT_EQ(ids, (std::vector<std::string>{"call-2-1", "call-2-2", "call-4-1"}));
  EXPECT_EQ(std::get<tool_result_block>(messages[2].content[0]).call_id, ids[0]);
  EXPECT_EQ(std::get<tool_result_block>(messages[2].content[1]).call_id, ids[1]);
  EXPECT_EQ(std::get<tool_result_block>(plan.query.content[0]).call_id, ids[2]);
}

// -- the way of a process ------------------------------------------------------------------------

TEST_F(plans, process_is_led_back_a_user_message_at_a_time) {
  const auto long_line = grow(head, {user("e"), user("f"), assistant("g")});
  const auto target = grow(head, {user("x"), assistant("y")});
  const auto how = plan_reuse(target, long_line, 2);
  ASSERT_TRUE(how);
  EXPECT_EQ(how->rewinds, 2U);
  EXPECT_EQ(how->stands, head.get());
  EXPECT_FALSE(plan_reuse(target, long_line, 1)) << "it can't go that far";
  EXPECT_EQ(plan_reuse(long_line, long_line, 0)->rewinds, 0U);
}

TEST_F(plans, answer_can_not_be_taken_back_without_its_question) {
  const auto other = grow(index.root({"", "m", "chat", "be brief"}),
                          {user("a"), assistant("b"), user("c"), assistant("another")});
  const auto how = plan_reuse(other, head, 2);
  ASSERT_TRUE(how);
  EXPECT_EQ(how->rewinds, 1U);
  EXPECT_EQ(how->stands->depth(), 2U);
}

TEST_F(plans, process_with_nothing_in_common_stays_where_it_is) {
  const auto other = grow(index.root({"", "m", "chat", "be brief"}), {user("z"), assistant("b")});
  EXPECT_FALSE(plan_reuse(other, head, 9));
  EXPECT_FALSE(plan_reuse(other, {}, 9));
  const auto how = plan_reuse(other, head, 9, true);
  ASSERT_TRUE(how) << "unless it is wanted so";
  EXPECT_EQ(how->rewinds, 2U);
  EXPECT_EQ(how->stands->depth(), 0U);
  EXPECT_FALSE(plan_reuse(other, head, 1, true));
  turn_plan plan;
  plan.before = other;
  EXPECT_EQ(outcome_of(plan, how), match_outcome::seeded) << "it is told all of it";
}

TEST_F(plans, answered_turn_extends_the_dialogue) {
  auto plan = named(head, request({user("e")}));
  const auto after = answered(index, plan, assistant("f"));
  EXPECT_EQ(after->depth(), 6U);
  EXPECT_EQ(after->said(), assistant("f"));
  EXPECT_EQ(after->before()->said(), user("e"));
}

} // namespace
} // namespace ccapi::domain
