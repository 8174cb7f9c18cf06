// session: calls of the client's tools: declared, made, answered, left.

#include "claude/tool_channel.hpp"
#include "session_rig.hpp"
#include "tests/support/tool_lines.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ccapi::claude::test {
namespace {

using namespace std::chrono_literals;
using domain::process_state;
using namespace ccapi::test::tool_lines;

domain::tool tool(const std::string& name) {
  return {.name = name,
          .api_name = domain::api_tool_name(name),
          .description = "Looks.",
          .input_schema = R"({"type":"object"})",
          .strict = false};
}

domain::tool_result_block result_of(const std::string& id, const std::string& text) {
  return {.call_id = id, .parts = {domain::text_block{text}}, .is_error = false};
}

class session_tools : public session_rig {
protected:
  session_tools() { offer({"look", "a.b"}); }

  void offer(const std::vector<std::string>& names) {
    std::vector<domain::tool> tools;
    for (const auto& name : names)
      tools.push_back(tool(name));
    turn_settings.tools = domain::tool_list{std::move(tools)};
    turn_settings.declared_tools = turn_settings.tools;
  }

  /// A turn that offers its tools, up to the question.
  void ask(const std::string& question) {
    order(question);
    say(cli_lines::accepted(take_control("mcp_set_servers")));
    say(cli_lines::accepted(take_control("apply_flag_settings")));
    EXPECT_EQ(take_user(), question);
  }

  /// An answer that ends with calls of look, as a rule.
  void call(const std::vector<std::string>& ids, const std::string& name = "look") {
    say(cli_lines::message_start());
    int index = 0;
    for (const auto& id : ids) {
      say(call_block(index++, id, name, {"{\"x\":", "1}"}));
      say(tool_call("ask-" + id, name, id, index));
    }
    say(cli_lines::message_delta("tool_use"));
  }

  void park(const std::vector<std::string>& ids) {
    ask("question");
    call(ids);
    EXPECT_EQ(take_steps(), std::vector{step::rest});
    EXPECT_EQ(core->state(), process_state::parked);
  }

  /// A turn whose query has these results.
  void bring(std::vector<domain::tool_result_block> results) {
    query = {};
    for (auto& each : results)
      query.content.emplace_back(std::move(each));
    order_query();
  }

  [[nodiscard]] const domain::turn_finished& finished() const {
    return std::get<domain::turn_finished>(events.back());
  }
};

TEST_F(session_tools, are_declared_once_and_the_list_goes_with_the_request) {
  start();
  order("one");
  const auto servers = next_line();
  EXPECT_NE(servers.find(R"("servers":{"client1":{"type":"sdk","name":"client1"}})"),
            std::string::npos)
    << servers;
  const auto told = next_line();
  EXPECT_NE(told.find(R"(\"tools\":[{\"name\":\"look\",\"description\":\"Looks.\")"),
            std::string::npos)
    << told;
  say(rpc("h1", R"({"method":"initialize","params":{},"jsonrpc":"2.0","id":0})"));
  EXPECT_NE(next_line().find(R"("id":0,"result":{"protocolVersion")"), std::string::npos);
  say(rpc("h2", R"({"method":"notifications/initialized","jsonrpc":"2.0"})"));
  EXPECT_NE(next_line().find(R"("request_id":"h2")"), std::string::npos);
  say(rpc("h3", R"({"method":"tools/list","jsonrpc":"2.0","id":1})"));
  const auto list = next_line();
  EXPECT_NE(list.find(R"("name":"look","inputSchema":{"type":"object"})"), std::string::npos);
  EXPECT_NE(list.find(domain::api_tool_name("a.b")), std::string::npos);
  say(cli_lines::accepted(field(servers, "request_id")));
  say(cli_lines::accepted(field(told, "request_id")));
  EXPECT_EQ(take_user(), "one");
  say(cli_lines::answer("1"));
  take_steps();
  run_turn("two"); // nothing is said again
}

TEST_F(session_tools, those_that_a_turn_leaves_out_are_declared_with_the_others) {
  start();
  offer({"look", "a.b"});
  turn_settings.tools = domain::tool_list{{tool("look")}};
  park({"1"});
  offer({"look", "a.b"});
  bring({{.call_id = "1", .parts = {domain::text_block{"seen"}}}});
  say(cli_lines::accepted(take_control("apply_flag_settings")));
  EXPECT_NE(next_line().find("seen"), std::string::npos) << "the same run goes on";
}

TEST_F(session_tools, a_process_that_answered_a_call_by_itself_is_not_used_again) {
  start();
  ask("question");
  say(cli_lines::message_start());
  say("{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_start\",\n");
  say(tool_call("ask-1", "look", "1", 1));
  EXPECT_NE(next_line().find("No such tool"), std::string::npos);
  say(cli_lines::message_delta("tool_use"));
  say(cli_lines::answer("done"));
  take_steps();
  EXPECT_NE(core->state(), process_state::idle);
}

TEST_F(session_tools, a_turn_without_them_takes_them_back) {
  start();
  ask("one");
  say(cli_lines::answer("1"));
  take_steps();
  turn_settings = {};
  order("two");
  const auto told = next_line();
  EXPECT_NE(told.find(R"(\"tools\":[]})"), std::string::npos) << told;
  say(cli_lines::accepted(field(told, "request_id")));
  EXPECT_EQ(take_user(), "two");
  say(cli_lines::answer("2"));
  take_steps();
  run_turn("three");
}

TEST_F(session_tools, a_new_name_takes_the_other_server) {
  start();
  ask("one");
  say(cli_lines::answer("1"));
  take_steps();
  offer({"look", "touch"});
  order("two");
  EXPECT_NE(next_line().find(R"("servers":{"client2":{)"), std::string::npos);
  EXPECT_EQ(field(next_line(), "subtype"), "apply_flag_settings");
}

TEST_F(session_tools, calls_are_streamed_and_park_the_process) {
  start();
  ask("question");
  call({"toolu_1", "toolu_2"});
  EXPECT_EQ(take_steps(), std::vector{step::rest});
  EXPECT_EQ(finished().reason, domain::finish_reason::tool_calls);
  EXPECT_EQ(count<domain::tool_call_started>(), 2U);
  EXPECT_EQ(count<domain::tool_input_delta>(), 4U);
  EXPECT_EQ(core->open_calls(), 2U);
  EXPECT_TRUE(silent());
  EXPECT_TRUE(core->takes_turns());
}

TEST_F(session_tools, the_answer_ends_only_when_the_cli_has_turned_to_us_with_every_call) {
  start();
  ask("question");
  say(cli_lines::message_start() + call_block(0, "toolu_1", "look", {"{}"})
      + call_block(1, "toolu_2", "look", {}) + cli_lines::message_delta("tool_use"));
  say(tool_call("r1", "look", "toolu_2"));
  EXPECT_EQ(count<domain::turn_finished>(), 0U);
  say(tool_call("r2", "look", "toolu_1", 3));
  EXPECT_EQ(count<domain::turn_finished>(), 1U);
  EXPECT_EQ(take_steps(), std::vector{step::rest});
}

TEST_F(session_tools, a_call_that_the_cli_never_makes_is_not_waited_for_without_end) {
  start();
  ask("question");
  say(cli_lines::message_start() + call_block(0, "toolu_1", "look", {"{}"})
      + cli_lines::message_delta("tool_use"));
  wait(settings.claude.event_idle_timeout + 1s);
  EXPECT_EQ(code(), domain::error_code::timeout);
  EXPECT_EQ(core->state(), process_state::closing);
}

TEST_F(session_tools, no_arguments_are_an_empty_object) {
  start();
  ask("question");
  call({"toolu_1"});
  events.clear();
  bring({result_of("toolu_1", "seen")});
  next_line();
  say(cli_lines::message_start() + call_block(0, "toolu_2", domain::api_tool_name("a.b"), {}));
  const auto& started = std::get<domain::tool_call_started>(events[2]);
  EXPECT_EQ(started.name, "a.b") << "as the client knows it";
  EXPECT_EQ(std::get<domain::tool_input_delta>(events.back()).json, "{}");
}

TEST_F(session_tools, results_go_on_with_the_same_run) {
  start();
  park({"toolu_1", "toolu_2"});
  bring({result_of("toolu_1", "one"), result_of("toolu_2", "two")});
  EXPECT_EQ(field(next_line(), "request_id"), "ask-toolu_1");
  const auto second = next_line();
  EXPECT_EQ(field(second, "request_id"), "ask-toolu_2");
  EXPECT_NE(second.find(R"("id":2,"result":{"content":[{"type":"text","text":"two"}]})"),
            std::string::npos)
    << second;
  EXPECT_TRUE(silent()) << "settings are as they were, and there is no user line";
  say(cli_lines::answer("done"));
  EXPECT_EQ(take_steps(), std::vector{step::rest});
  EXPECT_EQ(core->state(), process_state::idle);
  EXPECT_EQ(core->rewindable(), 1U) << "the question, with all that followed";
  run_turn("next");
  EXPECT_EQ(core->rewindable(), 2U);
}

TEST_F(session_tools,
       results_go_by_the_order_of_the_answer_whatever_that_of_the_cli_and_their_ids) {
  start();
  ask("question");
  say(cli_lines::message_start() + call_block(0, "toolu_1", "look", {"{}"})
      + call_block(1, "toolu_2", "look", {"{}"}) + cli_lines::message_delta("tool_use")
      + tool_call("r2", "look", "toolu_2") + tool_call("r1", "look", "toolu_1"));
  EXPECT_EQ(take_steps(), std::vector{step::rest});
  bring({result_of("toolu_8", "one"), result_of("toolu_9", "two")});
  EXPECT_EQ(field(next_line(), "request_id"), "r1");
  EXPECT_EQ(field(next_line(), "request_id"), "r2");
}

TEST_F(session_tools, a_forced_call_is_not_forced_again) {
  start();
  turn_settings.tool_choice.demand = domain::tool_demand::any;
  park({"toolu_1"});
  turn_settings.tool_choice = {};
  bring({result_of("toolu_1", "one")});
  const auto told = next_line();
  EXPECT_EQ(told.find("tool_choice"), std::string::npos) << told;
  EXPECT_TRUE(silent()) << "the results wait for the settings";
  say(cli_lines::accepted(field(told, "request_id")));
  EXPECT_EQ(field(next_line(), "request_id"), "ask-toolu_1");
}

TEST_F(session_tools, results_of_more_or_fewer_calls_are_for_another_process) {
  for (const auto& results : std::vector<std::vector<domain::tool_result_block>>{
         {result_of("toolu_1", "one")},
         {result_of("toolu_1", "one"), result_of("toolu_2", "two"), result_of("toolu_3", "3")}}) {
    start();
    park({"toolu_1", "toolu_2"});
    bring(results);
    EXPECT_EQ(take_steps(), (std::vector{step::bounce_turn, step::end_turn, step::stop_service,
                                         step::terminate}));
  }
}

TEST_F(session_tools, new_tools_in_the_midst_of_a_run_are_for_another_process) {
  start();
  park({"toolu_1"});
  offer({"look", "touch"});
  bring({result_of("toolu_1", "one")});
  EXPECT_EQ(take_steps(),
            (std::vector{step::bounce_turn, step::end_turn, step::stop_service, step::terminate}));
}

TEST_F(session_tools, a_run_that_is_left_is_interrupted_and_taken_back) {
  start();
  park({"toolu_1"});
  rewinds = 1;
  order("other question");
  const auto interrupt = take_control("interrupt");
  EXPECT_TRUE(silent());
  say(
    rpc("n1", R"({"method":"notifications/cancelled","params":{"requestId":2},"jsonrpc":"2.0"})"));
  EXPECT_EQ(field(next_line(), "request_id"), "n1");
  say(cli_lines::accepted(interrupt) + cli_lines::interrupted_result());
  say(cli_lines::rewound(take_control("rewind_conversation")));
  EXPECT_EQ(take_user(), "other question");
  EXPECT_EQ(core->open_calls(), 0U);
  say(cli_lines::answer("other answer"));
  EXPECT_EQ(take_steps(), std::vector{step::rest});
}

TEST_F(session_tools, a_run_that_does_not_end_costs_the_process_only) {
  start();
  park({"toolu_1"});
  rewinds = 1;
  order("other question");
  wait(settings.claude.interrupt_timeout + 1s);
  EXPECT_TRUE(core->reason().process_lost) << "the turn runs elsewhere";
  EXPECT_EQ(core->state(), process_state::closing);
}

TEST_F(session_tools, results_that_never_come_end_the_process) {
  start();
  park({"toolu_1"});
  wait(settings.claude.tool_timeout - 1s);
  EXPECT_EQ(core->state(), process_state::parked);
  wait(2s);
  EXPECT_EQ(take_steps(), (std::vector{step::stop_service, step::terminate}));
  EXPECT_FALSE(core->takes_turns());
}

TEST_F(session_tools, a_call_that_can_not_be_kept_fails_the_answer_at_once) {
  start();
  ask("question");
  say(cli_lines::message_start());
  for (std::size_t number = 0; number <= tool_channel::open_calls_max; ++number) {
    const auto id = "toolu_" + std::to_string(number);
    say(call_block(static_cast<int>(number), id, "look", {"{}"}) + tool_call("r" + id, "look", id));
  }
  EXPECT_EQ(code(), domain::error_code::upstream_error);
  EXPECT_EQ(core->state(), process_state::closing);
}

TEST_F(session_tools, calls_that_were_made_park_whatever_the_answer_ended_with) {
  start();
  ask("question");
  say(cli_lines::message_start() + call_block(0, "toolu_1", "look", {"{}"})
      + tool_call("r1", "look", "toolu_1") + cli_lines::message_delta("stop_sequence"));
  EXPECT_EQ(finished().reason, domain::finish_reason::tool_calls);
  EXPECT_EQ(core->state(), process_state::parked);
}

TEST_F(session_tools, a_refusal_behind_a_call_ends_the_answer) {
  start();
  ask("question");
  say(cli_lines::message_start() + call_block(0, "toolu_1", "look", {"{}"})
      + tool_call("r1", "look", "toolu_1") + cli_lines::message_delta("refusal"));
  EXPECT_EQ(finished().reason, domain::finish_reason::content_filter);
  EXPECT_EQ(core->state(), process_state::interrupting);
}

TEST_F(session_tools, calls_that_the_cli_never_makes_are_for_another_process) {
  start();
  ask("question");
  say(cli_lines::message_start() + call_block(0, "toolu_1", "look", {"{}"})
      + cli_lines::message_delta("end_turn") + cli_lines::result("end_turn"));
  EXPECT_EQ(finished().reason, domain::finish_reason::tool_calls);
  EXPECT_EQ(core->state(), process_state::rewinding);
}

TEST_F(session_tools, a_long_loop_ends_with_the_last_turn_of_its_process) {
  settings.process_pool.turns_max = 2;
  start();
  park({"toolu_1"});
  bring({result_of("toolu_1", "one")});
  next_line();
  call({"toolu_2"});
  EXPECT_EQ(finished().reason, domain::finish_reason::tool_calls);
  EXPECT_EQ(take_steps(), (std::vector{step::end_turn, step::stop_service, step::terminate}));
}

TEST_F(session_tools, broken_arguments_fail_the_answer) {
  start();
  ask("question");
  say(cli_lines::message_start() + call_block(0, "toolu_1", "look", {"{\"x\":"})
      + cli_lines::message_delta("tool_use"));
  EXPECT_EQ(count<domain::turn_failed>(), 1U);
  EXPECT_EQ(core->state(), process_state::interrupting);
}

TEST_F(session_tools, an_answer_that_is_cut_in_a_call_ends_by_its_length) {
  start();
  ask("question");
  say(cli_lines::message_start() + call_block(0, "toolu_1", "look", {"{\"x\":"})
      + cli_lines::message_delta("max_tokens"));
  EXPECT_EQ(finished().reason, domain::finish_reason::length);
}

TEST_F(session_tools, calls_of_tools_that_are_not_offered_never_reach_the_client) {
  start();
  ask("one");
  say(cli_lines::answer("1"));
  take_steps();
  offer({"a.b"});
  order("two");
  say(cli_lines::accepted(take_control("apply_flag_settings")));
  take_user();
  events.clear();
  call({"toolu_1"}); // look is declared still
  const auto answer = next_line();
  EXPECT_NE(answer.find(R"("isError":true)"), std::string::npos) << answer;
  EXPECT_EQ(count<domain::tool_call_started>(), 0U);
  EXPECT_EQ(core->state(), process_state::turn) << "the model is asked again";
  say(cli_lines::answer("2"));
  EXPECT_EQ(count<domain::turn_finished>(), 1U);
  EXPECT_EQ(core->state(), process_state::rewinding) << "its history has a call too many";
}

TEST_F(session_tools, a_client_that_leaves_during_a_call_has_the_turn_taken_back) {
  start();
  ask("question");
  say(cli_lines::message_start() + call_block(0, "toolu_1", "look", {"{}"}));
  core->cancel(now);
  collect();
  const auto interrupt = take_control("interrupt");
  say(tool_call("r1", "look", "toolu_1") + cli_lines::message_delta("tool_use"));
  EXPECT_TRUE(silent());
  say(cli_lines::accepted(interrupt) + cli_lines::interrupted_result());
  say(cli_lines::rewound(take_control("rewind_conversation")));
  EXPECT_EQ(core->state(), process_state::idle);
  EXPECT_EQ(core->open_calls(), 0U);
}

TEST_F(session_tools, where_processes_are_not_kept_calls_end_them) {
  settings.claude.use_interactive_sessions = false;
  start();
  ask("question");
  call({"toolu_1"});
  EXPECT_EQ(finished().reason, domain::finish_reason::tool_calls);
  EXPECT_EQ(take_steps(), (std::vector{step::end_turn, step::stop_service, step::terminate}));
}

TEST_F(session_tools, results_of_the_past_are_seeded_and_asked_as_blocks) {
  start();
  turn_settings = {};
  auto called = answered("Let me see.");
  called.content.emplace_back(domain::tool_use_block{"toolu_1", "look", "{}", ""});
  seed = {asked("question"), called};
  bring({result_of("toolu_1", "seen")});
  EXPECT_EQ(take_user(true), "question");
  say(cli_lines::result());
  EXPECT_NE(next_line().find(R"("type":"tool_use","id":"toolu_1","name":"look","input":{})"),
            std::string::npos);
  EXPECT_NE(next_line().find(R"("type":"tool_result","tool_use_id":"toolu_1")"), std::string::npos);
}

} // namespace
} // namespace ccapi::claude::test
