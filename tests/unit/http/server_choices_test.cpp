#include "server_fixture.hpp"

#include <algorithm>

// Answers of several choices: one answer, a turn for each.

namespace ccapi::http::test {
namespace {

class server_choices : public server_fixture {
protected:
  static std::string two(bool stream) {
    return std::string{R"({"messages":[{"role":"user","content":"hi"}],"n":2,"stream":)"}
           + (stream ? "true}" : "false}");
  }
};

TEST_F(server_choices, a_stream_tells_each_turn_as_it_comes) {
  serve();
  auto client = connect();
  client.send(post(two(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(2));
  gateway_->send(2, {domain::answer_started{"m"}, domain::text_delta{"second"}});
  std::string received;
  while (received.find(R"("index":1,"delta":{"content":"second"})") == std::string::npos)
    received += client.read_some();
  gateway_->send(2, {domain::turn_finished{}});
  while (received.find(R"("finish_reason":"stop")") == std::string::npos)
    received += client.read_some();
  EXPECT_EQ(received.find("[DONE]"), std::string::npos);
  gateway_->send(1, {domain::text_delta{"first"}, domain::turn_finished{}});
  while (received.find("0\r\n\r\n") == std::string::npos)
    received += client.read_some();
  EXPECT_NE(received.find(R"("index":0,"delta":{"content":"first"})"), std::string::npos);
  EXPECT_NE(received.find("x-ccapi-conversation-id: conversation-1\r\n"), std::string::npos);
  EXPECT_EQ(received.find("conversation-2"), std::string::npos);
}

TEST_F(server_choices, a_whole_answer_waits_for_all_turns) {
  serve();
  auto client = connect();
  client.send(post(two(false)));
  ASSERT_TRUE(gateway_->wait_for_turns(2));
  gateway_->send(1, {domain::text_delta{"first "}});
  gateway_->send(2, {domain::text_delta{"second"}});
  gateway_->send(1, {domain::text_delta{"one"}, domain::turn_finished{}});
  EXPECT_FALSE(client.readable_within(50));
  gateway_->send(2, {domain::turn_finished{}});
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 200u);
  const auto first =
    answer.body.find(R"({"index":0,"message":{"role":"assistant","content":"first one")");
  const auto second =
    answer.body.find(R"({"index":1,"message":{"role":"assistant","content":"second")");
  EXPECT_NE(first, std::string::npos) << answer.body;
  EXPECT_NE(second, std::string::npos) << answer.body;
  EXPECT_LT(first, second);
}

TEST_F(server_choices, an_answer_costs_what_its_turns_cost_together) {
  settings_of_keys_.openai.usage_cost = true;
  serve();
  auto client = connect();
  client.send(post(two(false)));
  ASSERT_TRUE(gateway_->wait_for_turns(2));
  domain::turn_finished end;
  end.usage.cost_micro_usd = 1'000;
  gateway_->send(2, {domain::text_delta{"b"}, end});
  end.usage.cost_micro_usd = 234;
  gateway_->send(1, {domain::text_delta{"a"}, end});
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.field("x-ccapi-cost-usd"), "0.001234");
  EXPECT_NE(answer.body.find(R"("cost":0.001234})"), std::string::npos) << answer.body;
}

TEST_F(server_choices, one_that_fails_takes_the_others_along) {
  serve();
  for (const bool stream : {false, true}) {
    auto client = connect();
    client.send(post(two(stream)));
    const domain::turn_id first = stream ? 3 : 1;
    ASSERT_TRUE(gateway_->wait_for_turns(first + 1));
    gateway_->send(first + 1, {domain::turn_failed{{.code = domain::error_code::server_busy}}});
    EXPECT_EQ(client.read_answer().status, 503u);
    EXPECT_TRUE(gateway_->wait_for_cancel(first));
  }
}

TEST_F(server_choices, a_stream_that_has_begun_is_cut_when_one_fails) {
  serve();
  auto client = connect();
  client.send(post(two(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(2));
  gateway_->send(1, {domain::text_delta{"Hel"}, domain::turn_finished{}});
  gateway_->send(2, {domain::text_delta{"x"},
                     domain::turn_failed{{.code = domain::error_code::upstream_crash}}});
  const auto received = client.read_to_end();
  EXPECT_TRUE(received.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(received.find(R"("code":"upstream_crash")"), std::string::npos);
  EXPECT_EQ(received.find("[DONE]"), std::string::npos);
}

TEST_F(server_choices, a_client_that_leaves_ends_all_turns) {
  serve();
  auto client = connect();
  client.send(post(two(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(2));
  client.finish_sending();
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
  EXPECT_TRUE(gateway_->wait_for_cancel(2));
}

TEST_F(server_choices, all_credit_comes_back) {
  serve();
  for (const bool stream : {false, true}) {
    auto client = connect();
    const std::string much(200'000, 'x'); // of each choice, more than the gateway gives at once
    gateway_->play({domain::text_delta{much}, domain::text_delta{much}, domain::turn_finished{}});
    client.send(post(two(stream)));
    std::string received;
    while (received.size() < 4 * much.size())
      received += client.read_some();
  }
}

TEST_F(server_choices, a_client_that_pauses_holds_the_turns_back_and_misses_nothing) {
  limits_.stream_buffer_bytes = 4 << 10; // 64 KiB may wait encoded, of each choice
  serve();
  auto client = connect();
  client.send(post(two(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(2));
  gateway_->send_by_turns({1, 2}, domain::text_delta{"~"}, 4'000);
  for (const domain::turn_id turn : {1, 2})
    gateway_->send(turn, {domain::turn_finished{}});
  std::string received;
  std::string piece;
  while (!received.ends_with("0\r\n\r\n") && !(piece = client.read_some()).empty())
    received += piece;
  EXPECT_EQ(std::count(received.begin(), received.end(), '~'), 8'000);
  EXPECT_EQ(received.find("error"), std::string::npos);
}

TEST_F(server_choices, copies_of_the_request_count_among_the_bodies) {
  constexpr std::size_t mib = std::size_t{1} << 20;
  limits_.bodies_bytes_max = 4 * mib;
  serve();
  for (const auto& [choices, status] : {std::pair{2, 503U}, std::pair{1, 200U}}) {
    auto client = connect();
    gateway_->play({domain::text_delta{"x"}, domain::turn_finished{}});
    client.send(post(R"({"messages":[{"role":"user","content":")" + std::string(5 * mib / 2, 'x')
                     + R"("}],"n":)" + std::to_string(choices) + "}"));
    EXPECT_EQ(client.read_answer().status, status);
  }
}

TEST_F(server_choices, a_named_conversation_has_the_first_one) {
  serve();
  auto client = connect();
  client.send(post(R"({"model":"sonnet","conversation_id":"mine","n":2,"messages":[
    {"role":"user","content":"a"},{"role":"assistant","content":"b"},
    {"role":"user","content":"c"}]})"));
  ASSERT_TRUE(gateway_->wait_for_turns(2));
  EXPECT_EQ(gateway_->requests[0].conversation_id, "mine");
  EXPECT_EQ(gateway_->requests[1].conversation_id, std::nullopt);
  EXPECT_EQ(gateway_->requests[1].messages, gateway_->requests[0].messages);
  for (const domain::turn_id turn : {1, 2})
    gateway_->send(turn, {domain::text_delta{"d"}, domain::turn_finished{}});
  EXPECT_NE(client.read_answer().body.find(R"("conversation_id":"mine")"), std::string::npos);
}

} // namespace
} // namespace ccapi::http::test
