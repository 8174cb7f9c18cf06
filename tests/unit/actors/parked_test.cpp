// Answers that end with calls, and the processes that wait for the results.

#include "gateway_rig.hpp"
#include "tests/support/tool_lines.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;
using namespace ccapi::test::tool_lines;
using domain::match_outcome;

class parked : public gateway_rig {
protected:
  static domain::message called(const std::string& id, const std::string& arguments = "{}") {
    domain::message what{domain::role::assistant, ""};
    what.content.emplace_back(domain::tool_use_block{id, "look", arguments, ""});
    return what;
  }
  static domain::message result_of(const std::string& id, const std::string& text) {
    domain::message what;
    what.content.emplace_back(domain::tool_result_block{id, {domain::text_block{text}}, false});
    return what;
  }

  domain::chat_request whole(std::vector<domain::message> messages) {
    domain::chat_request made{.request_id = "req",
                              .model = model,
                              .system_prompt = std::nullopt,
                              .messages = std::move(messages),
                              .sampling = {},
                              .conversation_id = std::nullopt};
    made.tools = domain::tool_list{{{"look", "look", "", R"({"type":"object"})", false}}};
    made.tool_choice.demand = demand;
    return made;
  }

  /// The settings that the process is told, behind the server of the tools if that is new.
  std::string take_settings(std::size_t which, bool declared = false) {
    if (!declared)
      say(which, cli_lines::accepted(cli(which).take_control("mcp_set_servers")));
    const auto line = cli(which).next_line();
    EXPECT_EQ(field(line, "subtype"), "apply_flag_settings") << line;
    say(which, cli_lines::accepted(field(line, "request_id")));
    return line;
  }

  void call(std::size_t which, const std::string& id) {
    say(which, cli_lines::message_start() + call_block(0, id, "look", {"{}"})
                 + tool_call("ask-" + id, "look", id) + cli_lines::message_delta("tool_use"));
  }

  /// A first turn on the first child that ends with the call "toolu_1".
  void park() {
    start();
    submit(asked, whole({{domain::role::user, "q"}}));
    cli(0).boot();
    world.pump();
    told = take_settings(0);
    EXPECT_EQ(cli(0).take_user(), "q");
    call(0, "toolu_1");
    ASSERT_TRUE(asked.finished);
    EXPECT_EQ(asked.finished->reason, domain::finish_reason::tool_calls);
  }

  /// The same turn on a second child, which ends with the call "toolu_2".
  void park_second(client& other) {
    submit(other, whole({{domain::role::user, "q"}}));
    cli(1).boot();
    world.pump();
    take_settings(1);
    cli(1).take_user();
    call(1, "toolu_2");
    ASSERT_TRUE(other.finished);
  }

  std::string model = "claude-haiku-5-5";
  domain::tool_demand demand = domain::tool_demand::automatic;
  client asked;
  std::string told; ///< settings of the first turn
};

TEST_F(parked, results_go_on_in_the_same_process) {
  park();
  client second;
  submit(second,
         whole({{domain::role::user, "q"}, called("toolu_1"), result_of("toolu_1", "seen")}));
  const auto line = cli(0).next_line();
  EXPECT_EQ(field(line, "request_id"), "ask-toolu_1") << line;
  say(0, cli_lines::answer("done"));
  EXPECT_EQ(second.text, "done");
  EXPECT_EQ(second.placed->outcome, match_outcome::continued);
  EXPECT_EQ(children.size(), 1U);
  EXPECT_EQ(second.conversation, asked.conversation);
}

TEST_F(parked, results_go_on_whatever_ids_the_client_gives) {
  park();
  client second;
  submit(second, whole({{domain::role::user, "q"}, called(""), result_of("", "seen")}));
  EXPECT_EQ(field(cli(0).next_line(), "request_id"), "ask-toolu_1");
  call(0, "toolu_2");
  ASSERT_TRUE(second.finished);
  client third;
  submit(third, whole({{domain::role::user, "q"},
                       called("c"),
                       result_of("c", "seen"),
                       called("c"),
                       result_of("c", "again")}));
  EXPECT_EQ(field(cli(0).next_line(), "request_id"), "ask-toolu_2");
  say(0, cli_lines::answer("done"));
  EXPECT_EQ(third.placed->outcome, match_outcome::continued);
  EXPECT_EQ(children.size(), 1U);
}

/// As when somebody has several answers made to one question.
TEST_F(parked, each_of_those_who_got_the_same_call_goes_on_in_a_process) {
  park();
  client other;
  park_second(other);
  for (const std::string id : {"toolu_1", "toolu_2"}) {
    client next;
    submit(next, whole({{domain::role::user, "q"}, called(id), result_of(id, "seen by " + id)}));
    const auto which = cli(0).silent() ? 1U : 0U;
    EXPECT_NE(cli(which).next_line().find("seen by " + id), std::string::npos);
    say(which, cli_lines::answer("done"));
    EXPECT_EQ(next.placed->outcome, match_outcome::continued);
  }
  EXPECT_EQ(children.size(), 2U);
}

TEST_F(parked, named_conversations_take_the_ids_that_they_gave) {
  start();
  const auto named = [this](const std::string& name, domain::message only) {
    auto made = whole({std::move(only)});
    made.conversation_id = name;
    return made;
  };
  for (std::size_t which = 0; which < 2; ++which) {
    client first;
    submit(first, named("mine" + std::to_string(which), {domain::role::user, "q"}));
    cli(which).boot();
    world.pump();
    take_settings(which);
    cli(which).take_user();
    call(which, "toolu_" + std::to_string(which));
    ASSERT_TRUE(first.finished);
  }
  for (std::size_t which = 0; which < 2; ++which) {
    const auto id = "toolu_" + std::to_string(which);
    client second;
    submit(second, named("mine" + std::to_string(which), result_of(id, "seen")));
    EXPECT_EQ(field(cli(which).next_line(), "request_id"), "ask-" + id);
    say(which, cli_lines::answer("done"));
    EXPECT_EQ(second.text, "done");
  }
}

TEST_F(parked, a_conversation_that_is_named_later_knows_the_ids_of_its_answer) {
  park();
  client other;
  park_second(other);
  auto alone = whole({result_of("toolu_2", "seen")});
  alone.conversation_id = other.conversation;
  client next;
  submit(next, std::move(alone));
  EXPECT_EQ(field(cli(1).next_line(), "request_id"), "ask-toolu_2");
  say(1, cli_lines::answer("done"));
  EXPECT_EQ(next.text, "done");
  close_all();
  cli(0).die();
}

TEST_F(parked, results_for_a_process_that_died_are_told_to_another) {
  park();
  cli(0).die();
  reap(0);
  client second;
  submit(second,
         whole({{domain::role::user, "q"}, called("toolu_1"), result_of("toolu_1", "seen")}));
  cli(1).boot();
  world.pump();
  take_settings(1);
  EXPECT_EQ(cli(1).take_user(true), "q");
  say(1, cli_lines::result());
  EXPECT_NE(cli(1).next_line().find(R"("tool_use","id":"toolu_1")"), std::string::npos);
  EXPECT_NE(cli(1).next_line().find(R"("tool_result","tool_use_id":"toolu_1")"), std::string::npos);
  say(1, cli_lines::answer("done"));
  EXPECT_EQ(second.text, "done");
}

TEST_F(parked, models_that_think_by_budget_do_not_begin_to_in_the_midst_of_a_run) {
  model = "claude-haiku-4-5";
  demand = domain::tool_demand::any;
  park();
  EXPECT_NE(told.find("disabled"), std::string::npos) << told;
  demand = domain::tool_demand::automatic;
  client second;
  submit(second,
         whole({{domain::role::user, "q"}, called("toolu_1"), result_of("toolu_1", "seen")}));
  EXPECT_NE(take_settings(0, true).find("disabled"), std::string::npos) << "this run began without";
  cli(0).next_line();
  say(0, cli_lines::answer("done"));
  client third;
  auto messages = whole({{domain::role::user, "q"},
                         called("toolu_1"),
                         result_of("toolu_1", "seen"),
                         {domain::role::assistant, "done"},
                         {domain::role::user, "next"}});
  submit(third, std::move(messages));
  EXPECT_EQ(take_settings(0, true).find("disabled"), std::string::npos);
  EXPECT_EQ(cli(0).take_user(), "next");
  say(0, cli_lines::answer("yes"));
}

TEST_F(parked, what_a_budget_model_is_told_of_a_run_is_asked_without_thinking) {
  model = "claude-haiku-4-5";
  start();
  client only;
  submit(only, whole({{domain::role::user, "q"}, called("toolu_1"), result_of("toolu_1", "seen")}));
  cli(0).boot();
  world.pump();
  EXPECT_NE(take_settings(0).find("disabled"), std::string::npos);
  EXPECT_EQ(cli(0).take_user(true), "q");
  say(0, cli_lines::result());
  cli(0).next_line();
  cli(0).next_line();
  say(0, cli_lines::answer("done"));
  EXPECT_EQ(only.text, "done");
}

TEST_F(parked, a_question_in_place_of_results_leaves_the_run) {
  park();
  auto instead = result_of("toolu_1", "not answered");
  instead.content.emplace_back(domain::text_block{"never mind"});
  client second;
  submit(second, whole({{domain::role::user, "q"}, called("toolu_1"), instead}));
  say(0, cli_lines::accepted(cli(0).take_control("interrupt")) + cli_lines::interrupted_result());
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  EXPECT_EQ(cli(0).take_user(true), "q");
  say(0, cli_lines::result());
  EXPECT_NE(cli(0).next_line().find("toolu_1"), std::string::npos);
  EXPECT_NE(cli(0).next_line().find("never mind"), std::string::npos);
  say(0, cli_lines::answer("fine"));
  EXPECT_EQ(second.text, "fine");
  EXPECT_EQ(children.size(), 1U);
}

TEST_F(parked, a_model_that_nobody_can_force_is_told_once_and_the_client_sees_the_call_only) {
  model = "claude-opus-5-5";
  demand = domain::tool_demand::any;
  start();
  submit(asked, whole({{domain::role::user, "q"}}));
  cli(0).boot();
  world.pump();
  EXPECT_EQ(take_settings(0).find("tool_choice"), std::string::npos);
  EXPECT_EQ(cli(0).take_user(), "q");
  say(0, cli_lines::answer("I would rather not."));
  EXPECT_FALSE(asked.over());
  EXPECT_NE(cli(0).take_user().find("now"), std::string::npos);
  call(0, "toolu_1");
  ASSERT_TRUE(asked.finished);
  EXPECT_EQ(asked.finished->reason, domain::finish_reason::tool_calls);
  EXPECT_EQ(asked.text, "");
  // What the process holds is not what the client has: it takes that back.
  demand = domain::tool_demand::automatic;
  client second;
  submit(second,
         whole({{domain::role::user, "q"}, called("toolu_1"), result_of("toolu_1", "seen")}));
  say(0, cli_lines::accepted(cli(0).take_control("interrupt")) + cli_lines::interrupted_result());
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  EXPECT_EQ(cli(0).take_user(true), "q");
  say(0, cli_lines::result());
  EXPECT_NE(cli(0).next_line().find("toolu_1"), std::string::npos);
  EXPECT_NE(cli(0).next_line().find("tool_result"), std::string::npos);
  say(0, cli_lines::answer("done"));
  EXPECT_EQ(second.text, "done");
}

TEST_F(parked, a_branch_does_not_take_a_process_whose_client_is_at_work) {
  park();
  client other;
  auto edited = whole(
    {{domain::role::user, "q"}, called("toolu_1", R"({"q":"edited"})"), result_of("toolu_1", "x")});
  submit(other, std::move(edited));
  cli(1).boot();
  world.pump();
  take_settings(1);
  EXPECT_EQ(cli(1).take_user(true), "q");
  say(1, cli_lines::result());
  cli(1).next_line();
  cli(1).next_line();
  say(1, cli_lines::answer("done"));
  EXPECT_EQ(other.text, "done");
  EXPECT_TRUE(cli(0).silent());
  close_all();
  EXPECT_FALSE(cli(0).input_closed()) << "the CLI would ask the model once more";
  cli(0).die();
}

TEST_F(parked, a_named_conversation_refuses_results_that_are_not_all_there) {
  start();
  const auto named = [this](domain::message only) {
    auto made = whole({std::move(only)});
    made.conversation_id = "mine";
    return made;
  };
  submit(asked, named({domain::role::user, "q"}));
  cli(0).boot();
  world.pump();
  take_settings(0);
  cli(0).take_user();
  call(0, "toolu_1");
  client wrong;
  submit(wrong, named(result_of("toolu_9", "x")));
  EXPECT_EQ(wrong.failure(), domain::error_code::invalid_request);
  client right;
  submit(right, named(result_of("toolu_1", "x")));
  EXPECT_EQ(field(cli(0).next_line(), "request_id"), "ask-toolu_1");
  say(0, cli_lines::answer("done"));
  EXPECT_EQ(right.text, "done");
}

} // namespace
} // namespace ccapi::actors::test
