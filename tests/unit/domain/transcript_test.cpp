// How a request continues, or branches off, a conversation.

#include "domain/transcript.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

message user(std::string text) {
  return {role::user, std::move(text)};
}
message assistant(std::string text) {
  return {role::assistant, std::move(text)};
}

chat_request request_with(std::vector<message> messages,
                          std::optional<std::string> system = std::nullopt) {
  chat_request request;
  request.messages = std::move(messages);
  request.system_prompt = std::move(system);
  return request;
}

const transcript two_turns{"be brief", {user("a"), assistant("b"), user("c"), assistant("d")}};

TEST(plan_turn, a_new_conversation_seeds_all_but_the_last_message) {
  const auto plan =
    plan_turn(std::nullopt, request_with({user("a"), assistant("b"), user("c")}), "default prompt");
  EXPECT_EQ(plan.query, user("c"));
  EXPECT_EQ(seed_for(plan, std::nullopt, false), (std::vector{user("a"), assistant("b")}));
  EXPECT_FALSE(plan.continues);
  EXPECT_EQ(plan.system_prompt, "default prompt");
}

TEST(plan_turn, a_systemless_request_keeps_the_conversations_prompt) {
  const auto plan = plan_turn(two_turns, request_with({user("e")}), "default prompt");
  EXPECT_EQ(plan.system_prompt, "be brief");
  EXPECT_TRUE(plan.continues);
}

TEST(plan_turn, a_single_new_message_is_appended) {
  const auto plan = plan_turn(two_turns, request_with({user("e")}), "");
  EXPECT_TRUE(plan.continues);
  EXPECT_EQ(seed_for(plan, two_turns, true), std::vector<message>{});
  EXPECT_EQ(seed_for(plan, two_turns, false), two_turns.messages);
  EXPECT_EQ(plan.query, user("e"));
}

TEST(plan_turn, of_several_new_user_messages_the_last_is_the_query) {
  const auto plan = plan_turn(two_turns, request_with({user("e"), user("f")}), "");
  EXPECT_EQ(seed_for(plan, two_turns, true), std::vector{user("e")});
  EXPECT_EQ(plan.query, user("f"));
}

TEST(plan_turn, a_resent_history_sends_only_what_is_new) {
  auto messages = two_turns.messages;
  messages.push_back(user("e"));
  const auto plan = plan_turn(two_turns, request_with(messages, "be brief"), "");
  EXPECT_TRUE(plan.continues);
  EXPECT_EQ(seed_for(plan, two_turns, true), std::vector<message>{});
  EXPECT_EQ(seed_for(plan, two_turns, false), two_turns.messages);
  EXPECT_EQ(plan.query, user("e"));
}

TEST(plan_turn, of_a_stored_dialogue_only_its_end_is_seeded_if_that_is_wished) {
  const auto plan = plan_turn(two_turns, request_with({user("e")}), "");
  EXPECT_EQ(seed_for(plan, two_turns, false, 4), two_turns.messages);
  EXPECT_EQ(seed_for(plan, two_turns, false, 3), (std::vector{user("c"), assistant("d")}))
    << "never from the middle of a turn";
  EXPECT_EQ(seed_for(plan, two_turns, false, 1), std::vector<message>{});
  EXPECT_EQ(seed_for(plan, two_turns, true, 1), std::vector<message>{});
}

TEST(plan_turn, what_a_request_brings_itself_is_never_left_out) {
  auto messages = two_turns.messages;
  messages.push_back(user("e"));
  const auto plan = plan_turn(two_turns, request_with(messages, "be brief"), "");
  EXPECT_EQ(seed_for(plan, two_turns, false, 2), two_turns.messages);
}

TEST(plan_turn, an_edited_history_is_a_branch) {
  const auto plan =
    plan_turn(two_turns, request_with({user("a"), assistant("B"), user("e")}, "be brief"), "");
  EXPECT_FALSE(plan.continues);
  EXPECT_EQ(seed_for(plan, two_turns, false), (std::vector{user("a"), assistant("B")}));
}

TEST(plan_turn, another_system_prompt_needs_another_process) {
  const auto plan = plan_turn(two_turns, request_with({user("e")}, "be long"), "");
  EXPECT_FALSE(plan.continues);
  EXPECT_EQ(plan.system_prompt, "be long");
  EXPECT_EQ(seed_for(plan, two_turns, false), two_turns.messages);
}

TEST(apply_turn, a_continued_dialogue_grows_by_the_turn) {
  std::optional<transcript> stored = two_turns;
  apply_turn(stored, plan_turn(stored, request_with({user("e")}), ""), "f");
  auto expected = two_turns.messages;
  expected.push_back(user("e"));
  expected.push_back(assistant("f"));
  EXPECT_EQ(stored->messages, expected);
}

TEST(apply_turn, a_branch_replaces_the_dialogue) {
  std::optional<transcript> stored = two_turns;
  apply_turn(stored, plan_turn(stored, request_with({user("x"), assistant("y"), user("z")}), ""),
             "!");
  EXPECT_EQ(stored->messages, (std::vector{user("x"), assistant("y"), user("z"), assistant("!")}));
  EXPECT_EQ(stored->system_prompt, "be brief");
}

TEST(apply_turn, the_first_turn_begins_the_transcript) {
  std::optional<transcript> stored;
  apply_turn(stored, plan_turn(stored, request_with({user("a")}, "s"), ""), "b");
  EXPECT_EQ(stored->messages, (std::vector{user("a"), assistant("b")}));
  EXPECT_EQ(stored->system_prompt, "s");
}

TEST(transcript, counts_its_bytes) {
  EXPECT_EQ(two_turns.bytes(), 8u + 4u);
}

} // namespace
} // namespace ccapi::domain
