#include "server_fixture.hpp"

#include <algorithm>

// Chat answers over a real socket: bytes, statuses, credit, and clients that go away.

namespace ccapi::http::test {
namespace {

using namespace std::chrono_literals;

class server_chat : public server_fixture {
protected:
  /// With the value behind each `label`, up to `end`, replaced by "*".
  static std::string masked(std::string text, std::string_view label, std::string_view end) {
    for (auto at = text.find(label); at != std::string::npos; at = text.find(label, at)) {
      at += label.size();
      text.replace(at, text.find(end, at) - at, "*");
    }
    return text;
  }
  /// With what changes from run to run masked.
  static std::string normalized(std::string text) {
    text = masked(std::move(text), "chatcmpl-", "\"");
    text = masked(std::move(text), "\"created\":", ",");
    text = masked(std::move(text), "date: ", "\r");
    return masked(std::move(text), "openai-processing-ms: ", "\r");
  }

  static domain::turn_finished finished(std::int64_t input_tokens, std::int64_t output_tokens) {
    domain::turn_finished end;
    end.usage.input_tokens = input_tokens;
    end.usage.output_tokens = output_tokens;
    return end;
  }

  static fake_gateway::script hello() {
    return {domain::answer_started{"claude-sonnet-4-5"}, domain::text_delta{"Hel"},
            domain::text_delta{"lo"}, finished(3, 2)};
  }
};

TEST_F(server_chat, a_stream_has_exactly_these_bytes) {
  serve();
  gateway_->play(hello());
  auto client = connect();
  client.send(post(chat(true), "X-Request-Id: r-1\r\nConnection: close\r\n"));
  const std::string head =
    "HTTP/1.1 200 OK\r\ndate: *\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    "transfer-encoding: chunked\r\nx-request-id: r-1\r\nopenai-version: 2020-10-01\r\n"
    "openai-processing-ms: *\r\ncache-control: no-cache, no-transform\r\nx-accel-buffering: no\r\n"
    "x-ccapi-conversation-id: conversation-1\r\nx-ccapi-mapped-model: claude-sonnet-4-5\r\n"
    "connection: close\r\n\r\n";
  const std::string chunk =
    R"(data: {"id":"chatcmpl-*","object":"chat.completion.chunk","created":*,)"
    R"("model":"claude-sonnet-4-5",)";
  const std::string rest = R"(,"logprobs":null,"finish_reason":null}]})"
                           "\n\n";
  const auto choice = [](const std::string& delta) {
    return R"("choices":[{"index":0,"delta":)" + delta;
  };
  const auto body = chunk + R"("conversation_id":"conversation-1",)"
                    + choice(R"({"role":"assistant","content":"","refusal":null})") + rest + chunk
                    + choice(R"({"content":"Hel"})") + rest + chunk + choice(R"({"content":"lo"})")
                    + rest + chunk + choice("{}")
                    + R"(,"logprobs":null,"finish_reason":"stop"}]})"
                      "\n\ndata: [DONE]\n\n";
  const auto received = normalized(client.read_to_end());
  EXPECT_EQ(received.substr(0, head.size()), head);
  // One readable batch is one chunk, of the size that it says.
  EXPECT_TRUE(received.ends_with(body + "\r\n0\r\n\r\n")) << received;
  EXPECT_EQ(received.size() - head.size(), body.size() + 3 + 2 + 2 + 5);
}

TEST_F(server_chat, the_connection_serves_on_after_a_stream) {
  serve();
  gateway_->play(hello());
  auto client = connect();
  for (int round = 0; round < 3; ++round) {
    client.send(post(chat(true)));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 200u);
    EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
    client.send(post(chat(false)));
    EXPECT_NE(client.read_answer().body.find(R"("content":"Hello")"), std::string::npos);
  }
}

TEST_F(server_chat, a_whole_answer_names_model_and_conversation) {
  serve();
  gateway_->play(hello());
  auto client = connect();
  client.send(post(R"({"model":"gpt-4o","seed":1,"conversation_id":"c-7",)"
                   R"("messages":[{"role":"user","content":"hi"}]})"));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(answer.field("x-ccapi-conversation-id"), "c-7");
  EXPECT_EQ(answer.field("x-ccapi-mapped-model"), "claude-sonnet-4-5");
  EXPECT_EQ(answer.field("x-ccapi-ignored-params"), "seed");
  EXPECT_NE(answer.body.find(R"("model":"claude-sonnet-4-5")"), std::string::npos);
  EXPECT_NE(answer.body.find(R"("content":"Hello")"), std::string::npos);
  EXPECT_NE(answer.body.find(R"("total_tokens":5)"), std::string::npos);
  ASSERT_EQ(gateway_->requests.size(), 1u);
  EXPECT_EQ(gateway_->requests[0].model, "sonnet");
  EXPECT_EQ(gateway_->requests[0].request_id, answer.field("x-request-id"));
}

TEST_F(server_chat, a_whole_answer_tells_what_it_cost) {
  serve();
  auto end = finished(3, 2);
  end.usage.cost_micro_usd = 1'309;
  gateway_->play({domain::text_delta{"Hello"}, end});
  auto client = connect();
  client.send(post(chat(false)));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.field("x-ccapi-cost-usd"), "0.001309");
  EXPECT_EQ(answer.body.find("\"cost\""), std::string::npos) << "OpenAI's usage has none";
}

TEST_F(server_chat, echoes_the_requested_model_when_told_to) {
  echo_requested_model_ = true;
  serve();
  gateway_->play(hello());
  auto client = connect();
  client.send(post(chat(true)));
  const auto answer = client.read_answer();
  EXPECT_NE(answer.body.find(R"("model":"gpt-4o")"), std::string::npos);
  EXPECT_EQ(answer.field("x-ccapi-mapped-model"), "claude-sonnet-4-5");
}

TEST_F(server_chat, refuses_a_bad_body_and_serves_on) {
  serve();
  auto client = connect();
  client.send(post("{"));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 400u);
  EXPECT_EQ(answer.field("x-should-retry"), "false");
  client.send(post(R"({"model":"llama","messages":[{"role":"user","content":"hi"}]})"));
  EXPECT_EQ(client.read_answer().status, 404u);
  EXPECT_TRUE(gateway_->requests.empty());
}

TEST_F(server_chat, http_10_gets_the_stream_unframed_until_the_end_of_the_connection) {
  serve();
  gateway_->play(hello());
  auto client = connect();
  auto request = post(chat(true), "Connection: keep-alive\r\n");
  request.replace(request.find("HTTP/1.1"), 8, "HTTP/1.0");
  client.send(request);
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.field("transfer-encoding"), "");
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(answer.body.starts_with("data: {"));
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
}

TEST_F(server_chat, a_client_that_goes_away_cancels_its_turn_at_once) {
  serve();
  domain::turn_id turn = 0;
  for (const bool stream : {false, true})
    for (const bool begun : {false, true})
      for (const bool reset : {false, true}) {
        SCOPED_TRACE(testing::Message() << stream << begun << reset);
        auto client = connect();
        client.send(post(chat(stream)));
        ASSERT_TRUE(gateway_->wait_for_turns(++turn));
        if (begun) {
          gateway_->send(turn, {domain::text_delta{"x"}});
          if (stream)
            client.read_some();
          else
            ASSERT_TRUE(gateway_->wait_until([&] { return gateway_->outstanding >= 1; }));
        }
        const auto gone = std::chrono::steady_clock::now();
        if (reset)
          client.reset();
        else
          client.finish_sending();
        ASSERT_TRUE(gateway_->wait_for_cancel(turn));
        EXPECT_LT(gateway_->cancelled[turn] - gone, 100ms);
        gateway_->outstanding = 0;
      }
}

TEST_F(server_chat, gives_back_all_credit_of_what_has_left) {
  serve();
  auto client = connect();
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  for (int round = 0; round < 20; ++round) {
    gateway_->send(1, {domain::text_delta{std::string(1000, 'a')}, domain::reasoning_delta{"b"},
                       domain::tool_call_started{static_cast<std::size_t>(round), "id", "f"},
                       domain::tool_input_delta{static_cast<std::size_t>(round), "{}"}});
    EXPECT_TRUE(gateway_->wait_until([&] {
      return gateway_->delivered == 1006u * (static_cast<std::size_t>(round) + 1)
             && gateway_->outstanding == 0;
    }));
  }
}

TEST_F(server_chat, a_slow_reader_holds_the_turn_back_and_misses_nothing) {
  limits_.stream_buffer_bytes = 64 << 10;
  serve();
  raw_client client{port_, 4096};
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  constexpr std::ptrdiff_t delta_bytes = 1000;
  constexpr std::ptrdiff_t deltas = 40'000;
  fake_gateway::script events(deltas, domain::text_delta{std::string(delta_bytes, '~')});
  events.push_back(domain::turn_finished{});
  gateway_->send(1, std::move(events));
  // Sockets hold some megabytes, we 64 KiB; the other tens of megabytes must wait. Each look is a
  // round trip through the loop, on which a turn that may run would get on.
  auto other = connect();
  std::size_t seen = 0;
  for (int quiet = 0; quiet < 20; ++quiet) {
    other.send(get("/health"));
    ASSERT_EQ(other.read_answer().status, 200u);
    if (std::exchange(seen, gateway_->delivered_now()) != gateway_->delivered_now())
      quiet = 0;
  }
  EXPECT_LT(seen, std::size_t{delta_bytes * deltas / 2});
  const auto answer = client.read_answer();
  EXPECT_TRUE(answer.body.ends_with("data: [DONE]\n\n"));
  EXPECT_EQ(std::count(answer.body.begin(), answer.body.end(), '~'), delta_bytes * deltas);
}

TEST_F(server_chat, tiny_deltas_for_a_slow_reader_are_gathered_in_order) {
  serve();
  raw_client client{port_, 4096};
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  constexpr std::ptrdiff_t deltas = 100'000;
  fake_gateway::script events(deltas, domain::reasoning_delta{"^"});
  events.insert(events.end(), deltas, domain::text_delta{"~"});
  events.push_back(domain::turn_finished{});
  gateway_->send(1, std::move(events));
  ASSERT_TRUE(gateway_->wait_until([&] { return gateway_->delivered >= 200'000; }));
  const auto body = client.read_answer().body;
  EXPECT_EQ(std::count(body.begin(), body.end(), '^'), 2 * deltas) << "each under two names";
  EXPECT_EQ(std::count(body.begin(), body.end(), '~'), deltas);
  EXPECT_LT(body.rfind('^'), body.find('~'));
  EXPECT_LT(body.size(), std::size_t{deltas * 2 * 50}) << "unless gathered, 200 bytes around each";
}

TEST_F(server_chat, requests_sent_ahead_of_a_long_answer_wait_outside) {
  serve();
  auto client = connect();
  std::string ahead;
  constexpr int count = 500;
  for (int i = 0; i < count; ++i)
    ahead += get("/health");
  client.send(post(chat(true)) + ahead);
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  gateway_->send(1, {domain::text_delta{"x"}, domain::turn_finished{}});
  EXPECT_TRUE(client.read_answer().body.ends_with("[DONE]\n\n"));
  for (int i = 0; i < count; ++i)
    ASSERT_EQ(client.read_answer().body, "OK");
}

TEST_F(server_chat, a_reader_that_stopped_is_given_up) {
  limits_.stream_buffer_bytes = 64 << 10;
  limits_.write_stall_timeout = 100ms;
  serve();
  raw_client client{port_, 4096};
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  gateway_->send(1, fake_gateway::script(40'000, domain::text_delta{std::string(1000, 'a')}));
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
  wait_until_empty();
}

TEST_F(server_chat, tells_calls_of_tools_whole_and_as_a_stream) {
  serve();
  gateway_->play({domain::tool_call_started{0, "toolu_1", "get"},
                  domain::tool_input_delta{0, R"({"q":)"}, domain::tool_input_delta{0, "1}"},
                  domain::tool_call_started{1, "toolu_2", "add"},
                  domain::turn_finished{domain::finish_reason::tool_calls, {}, {}}});
  auto client = connect();
  client.send(post(chat(false)));
  EXPECT_NE(client.read_answer().body.find(
              R"("tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"get",)"
              R"("arguments":"{\"q\":1}"}},{"id":"toolu_2","type":"function","function":)"
              R"({"name":"add","arguments":"{}"}}]},"logprobs":null,"finish_reason":"tool_calls")"),
            std::string::npos);
  client.send(post(chat(true)));
  const auto body = client.read_answer().body;
  EXPECT_NE(body.find(R"({"index":0,"function":{"arguments":"{\"q\":"}})"), std::string::npos);
  EXPECT_NE(body.find(R"("finish_reason":"tool_calls")"), std::string::npos);
}

TEST_F(server_chat, gathers_arguments_for_a_slow_reader_call_by_call) {
  serve();
  raw_client client{port_, 4096};
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  constexpr std::ptrdiff_t deltas = 100'000;
  fake_gateway::script events;
  for (std::size_t index = 0; index < 2; ++index) {
    events.emplace_back(domain::tool_call_started{index, "id", "f"});
    events.insert(events.end(), deltas, domain::tool_input_delta{index, index == 0 ? "^" : "~"});
  }
  events.push_back(domain::turn_finished{});
  gateway_->send(1, std::move(events));
  ASSERT_TRUE(gateway_->wait_until([&] { return gateway_->delivered >= 200'000; }));
  const auto body = client.read_answer().body;
  EXPECT_EQ(std::count(body.begin(), body.end(), '^'), deltas);
  EXPECT_EQ(std::count(body.begin(), body.end(), '~'), deltas);
  const auto second = body.find(R"([{"index":1,"id":)");
  EXPECT_LT(body.rfind('^'), second);
  EXPECT_LT(second, body.find('~'));
  EXPECT_LT(body.size(), std::size_t{deltas * 2 * 50}) << "unless gathered, 200 bytes around each";
}

TEST_F(server_chat, calls_beyond_the_limit_are_cancelled) {
  limits_.answer_bytes_max = 4096;
  serve();
  fake_gateway::script events;
  for (std::size_t index = 0; index < 100; ++index)
    events.emplace_back(domain::tool_call_started{index, "", "f"});
  gateway_->play(std::move(events));
  auto client = connect();
  client.send(post(chat(false)));
  EXPECT_EQ(client.read_answer().status, 502u);
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
}

TEST_F(server_chat, an_answer_beyond_the_limit_is_cancelled) {
  limits_.answer_bytes_max = 100;
  serve();
  gateway_->play({domain::text_delta{std::string(60, 'a')},
                  domain::text_delta{std::string(60, 'a')}, domain::turn_finished{}});
  auto client = connect();
  client.send(post(chat(false)));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 502u);
  EXPECT_EQ(answer.field("x-should-retry"), "false");
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
  client.send(get("/health"));
  EXPECT_EQ(client.read_answer().status, 200u);
}

} // namespace
} // namespace ccapi::http::test
