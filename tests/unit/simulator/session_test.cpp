// The simulator's side of the protocol, read by what its lines say.

#include "json/reader.hpp"
#include "simulator/session.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ccapi::simulator {
namespace {

using std::string;
using std::string_view;

class simulated_session : public testing::Test {
protected:
  void tell(string_view line) { talk_.on_line(line, now_); }

  void ask(string_view uuid, string_view text) {
    tell(R"({"type":"user","uuid":")" + string{uuid} + R"(","message":{"role":"user","content":[)"
         + R"({"type":"text","text":")" + string{text} + R"("},{"type":"text","text":""}]}})");
  }

  void control(string_view request) {
    tell(R"({"type":"control_request","request_id":"r1","request":)" + string{request} + "}");
  }

  /// Lets the time pass until nothing is due.
  void run() {
    while (const auto wake = talk_.wake_at()) {
      now_ = *wake;
      talk_.on_time(now_);
    }
  }

  void run_deltas(int count) {
    for (int i = 0; i < count; ++i) {
      now_ = talk_.wake_at().value();
      talk_.on_time(now_);
    }
  }

  /// The lines since the last call. Each must be one JSON object.
  std::vector<string> take_lines() {
    std::vector<string> lines;
    auto& output = talk_.output();
    for (auto end = output.find('\n'); end != string::npos; end = output.find('\n')) {
      lines.push_back(output.substr(0, end));
      output.erase(0, end + 1);
      string copy = lines.back();
      json::reader reader{{}};
      EXPECT_TRUE(reader.parse(copy)) << lines.back();
    }
    EXPECT_EQ(output, "");
    return lines;
  }

  static std::ptrdiff_t count(const std::vector<string>& lines, string_view part) {
    return std::count_if(lines.begin(), lines.end(),
                         [part](const string& line) { return line.find(part) != string::npos; });
  }

  session talk_{standin::tool_rules{.allowed = {"mcp__client1"}, .plain_names = true}};
  session::clock::time_point now_{};
};

TEST_F(simulated_session, tells_its_version_before_anything_else) {
  control(R"({"subtype":"get_binary_version"})");
  const auto lines = take_lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], R"({"type":"control_response","response":{"subtype":"success",)"
                      R"("request_id":"r1","response":{"version":"2.1.330",)"
                      R"("buildTime":"2026-01-01T00:00:00Z"}}})");
}

TEST_F(simulated_session, answers_in_the_order_of_the_real_cli) {
  ask("u1", "Hello!");
  run();
  const auto lines = take_lines();
  const std::vector<string_view> order{"\"init\"",
                                       "\"requesting\"",
                                       "message_start",
                                       "content_block_start",
                                       "[demo] ",
                                       "\"type\":\"assistant\",\"message\"",
                                       "content_block_stop",
                                       R"("stop_reason":"end_turn","stop_sequence":null)",
                                       "message_stop",
                                       R"("type":"result","subtype":"success","is_error":false)"};
  std::size_t at = 0;
  for (const auto& line : lines)
    if (at < order.size() && line.find(order[at]) != string::npos)
      ++at;
  EXPECT_EQ(at, order.size());
  EXPECT_GT(count(lines, "text_delta"), 10);
  EXPECT_EQ(count(lines, "\"model\":\"demo\""), 3); // init, message_start, assistant
  EXPECT_FALSE(talk_.exit_code());
}

TEST_F(simulated_session, says_a_delta_at_a_time) {
  ask("u1", "Hello!");
  EXPECT_EQ(count(take_lines(), "text_delta"), 0);
  run_deltas(1);
  EXPECT_EQ(count(take_lines(), "text_delta"), 1);
  run_deltas(2);
  EXPECT_EQ(count(take_lines(), "text_delta"), 2);
}

TEST_F(simulated_session, knows_the_past_that_it_was_given) {
  tell(R"({"type":"user","uuid":"p1","shouldQuery":false,"message":{"role":"user",)"
       R"("content":[{"type":"text","text":"I am Bob."}]}})");
  EXPECT_EQ(count(take_lines(), R"("num_turns":0)"), 1) << "each is acknowledged by a result";
  tell(R"({"type":"assistant","uuid":"p2","message":{"role":"assistant",)"
       R"("content":[{"type":"text","text":"Hello Bob."}]}})");
  EXPECT_EQ(count(take_lines(), R"("command_uuid":"p2","state":"completed")"), 1);
  ask("u1", "Who am I?");
  run();
  EXPECT_EQ(count(take_lines(), R"(knows 3 messages: 2 of yours and 1 answer. It began with: )"
                                R"(\"I am Bob.\")"),
            2); // assistant, result
}

TEST_F(simulated_session, takes_the_system_prompt_of_the_first_initialize_only) {
  control(R"({"subtype":"initialize","systemPrompt":["Be brief."]})");
  control(R"({"subtype":"initialize","systemPrompt":["Be anything but brief."]})");
  ask("u1", "x");
  run();
  EXPECT_GE(count(take_lines(), "Its system prompt has 9 bytes."), 1);
}

TEST_F(simulated_session, applies_and_takes_back_limits) {
  control(R"({"subtype":"apply_flag_settings","settings":{"env":{"CLAUDE_CODE_EXTRA_BODY":)"
          R"("{\"max_tokens\":3,\"temperature\":0.5}"}}})");
  ask("u1", "x");
  run();
  auto lines = take_lines();
  EXPECT_EQ(count(lines, "text_delta"), 3);
  EXPECT_EQ(count(lines, R"("stop_reason":"max_tokens")"), 2);
  control(R"({"subtype":"apply_flag_settings","settings":{"env":{"CLAUDE_CODE_EXTRA_BODY":)"
          R"("{\"stop_sequences\":[\"asked\"]}"}}})");
  ask("u2", "x");
  run();
  lines = take_lines();
  EXPECT_EQ(count(lines, R"("stop_sequence":"asked")"), 1);
  EXPECT_EQ(count(lines, "asked:"), 0);
  control(R"({"subtype":"apply_flag_settings","settings":{"env":{"CLAUDE_CODE_EXTRA_BODY":""}}})");
  ask("u3", "x");
  run();
  EXPECT_EQ(count(take_lines(), R"("stop_reason":"end_turn")"), 2);
}

TEST_F(simulated_session, stops_when_interrupted_and_takes_the_turn_back) {
  ask("u1", "first");
  run();
  take_lines();
  ask("u2", "second");
  run_deltas(3);
  control(R"({"subtype":"interrupt"})");
  EXPECT_FALSE(talk_.wake_at());
  const auto lines = take_lines();
  EXPECT_EQ(count(lines, R"("subtype":"error_during_execution","is_error":true)"), 1);
  EXPECT_EQ(count(lines, R"("terminal_reason":"aborted_streaming")"), 1);
  control(R"({"subtype":"rewind_conversation","target_message_uuid":"u2"})");
  EXPECT_EQ(count(take_lines(), R"("rewound":true)"), 1);
  ask("u3", "third");
  run();
  EXPECT_GE(count(take_lines(), "knows 3 messages"), 1);
}

TEST_F(simulated_session, refuses_to_take_back_what_is_not_its_last_turn) {
  control(R"({"subtype":"rewind_conversation","target_message_uuid":"u1"})");
  EXPECT_EQ(count(take_lines(), R"("rewound":false)"), 1);
}

TEST_F(simulated_session, interrupt_without_a_turn_is_harmless) {
  control(R"({"subtype":"interrupt"})");
  EXPECT_EQ(take_lines().size(), 1u);
}

TEST_F(simulated_session, refuses_control_calls_that_it_does_not_know) {
  control(R"({"subtype":"make_coffee"})");
  EXPECT_EQ(count(take_lines(), R"("subtype":"error")"), 1);
}

TEST_F(simulated_session, ends_with_its_input_but_finishes_the_turn) {
  ask("u1", "x");
  talk_.on_eof(now_);
  EXPECT_FALSE(talk_.exit_code());
  run();
  EXPECT_EQ(talk_.exit_code(), 0);
  EXPECT_EQ(count(take_lines(), R"("type":"result")"), 1);
}

TEST_F(simulated_session, ends_at_once_without_a_turn) {
  talk_.on_eof(now_);
  EXPECT_EQ(talk_.exit_code(), 0);
}

TEST_F(simulated_session, waits_for_a_reader_that_is_slow) {
  ask("u1", "x");
  talk_.output().append(std::size_t{256} << 10, '\n');
  EXPECT_FALSE(talk_.wake_at());
  talk_.on_time(now_ + std::chrono::hours{1});
  EXPECT_EQ(talk_.output().find("text_delta"), string::npos);
  talk_.output().clear();
  EXPECT_TRUE(talk_.wake_at());
}

TEST_F(simulated_session, ends_with_1_on_what_the_gateway_never_sends) {
  for (const string_view line :
       {"no json", R"({"type":"user"})", R"({"type":"control_request"})"}) {
    session other;
    other.on_line(line, now_);
    EXPECT_EQ(other.exit_code(), 1) << line;
    EXPECT_FALSE(other.complaint().empty());
  }
  ask("u1", "x");
  ask("u2", "y");
  EXPECT_EQ(talk_.exit_code(), 1);
}

TEST_F(simulated_session, ignores_what_means_nothing_to_it) {
  tell("");
  tell("[1]");
  tell(R"({"type":"keep_alive"})");
  EXPECT_TRUE(take_lines().empty());
  EXPECT_FALSE(talk_.exit_code());
}

class simulated_tools : public simulated_session {
protected:
  /// The id behind the first `"request_id":"` of a line with `part`.
  static string id_of(const std::vector<string>& lines, string_view part) {
    for (const auto& line : lines)
      if (line.find(part) != string::npos) {
        const auto at = line.find(R"("request_id":")") + 14;
        return line.substr(at, line.find('"', at) - at);
      }
    return {};
  }

  void answer(const string& id, string_view result) {
    tell(R"({"type":"control_response","response":{"subtype":"success","request_id":")" + id
         + R"(","response":{"mcp_response":{"jsonrpc":"2.0","id":0,"result":)" + string{result}
         + "}}}}");
  }

  /// Serves the tool get_weather, which needs a city.
  void serve() {
    control(R"({"subtype":"mcp_set_servers","servers":{"client1":{"type":"sdk"}}})");
    answer(id_of(take_lines(), R"("method":"initialize")"), "{}");
    answer(id_of(take_lines(), "notifications/initialized"), "{}");
    answer(id_of(take_lines(), "tools/list"),
           R"({"tools":[{"name":"get_weather","inputSchema":{"type":"object"},)"
           R"("annotations":{"readOnlyHint":true}}]})");
    control(R"({"subtype":"apply_flag_settings","settings":{"env":{"CLAUDE_CODE_EXTRA_BODY":)"
            R"("{\"tools\":[{\"name\":\"get_weather\",\"input_schema\":{\"type\":\"object\",)"
            R"(\"required\":[\"city\"]}}]}"}}})");
    take_lines();
  }
};

TEST_F(simulated_tools, are_called_when_the_question_names_them) {
  serve();
  ask("u1", "Use get_weather please");
  run();
  auto lines = take_lines();
  EXPECT_EQ(count(lines, R"("arguments":{"city":"demo"})"), 1);
  EXPECT_EQ(count(lines, R"("stop_reason":"tool_use")"), 1);
  EXPECT_EQ(count(lines, R"("type":"result")"), 0);
  answer(id_of(lines, "tools/call"), R"({"content":[{"type":"text","text":"sunny"}]})");
  run();
  lines = take_lines();
  EXPECT_EQ(count(lines, R"("type":"tool_result")"), 1);
  EXPECT_EQ(count(lines, R"(The tool answered: sunny","stop_reason":"end_turn")"), 1);
}

TEST_F(simulated_tools, are_not_called_otherwise_and_end_with_an_interrupt) {
  serve();
  ask("u1", "Hello");
  run();
  EXPECT_EQ(count(take_lines(), "tools/call"), 0);
  ask("u2", "Use get_weather");
  run();
  take_lines();
  control(R"({"subtype":"interrupt"})");
  const auto lines = take_lines();
  EXPECT_EQ(count(lines, "notifications/cancelled"), 1);
  EXPECT_EQ(count(lines, R"("terminal_reason":"aborted_tools")"), 1);
  ask("u3", "Hello");
  run();
  EXPECT_EQ(count(take_lines(), R"("subtype":"success")"), 1);
}

TEST_F(simulated_tools, hold_a_turn_until_their_server_has_answered) {
  control(R"({"subtype":"mcp_set_servers","servers":{"client1":{"type":"sdk"}}})");
  const auto id = id_of(take_lines(), R"("method":"initialize")");
  ask("u1", "Hello");
  EXPECT_EQ(take_lines().size(), 0u);
  answer(id, R"({"isError":true})");
  run();
  EXPECT_EQ(count(take_lines(), R"("type":"result")"), 1);
}

} // namespace
} // namespace ccapi::simulator
