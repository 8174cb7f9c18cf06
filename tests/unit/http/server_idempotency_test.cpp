// Requests with an Idempotency-Key: worked on once, answered to all who send it.

#include "keyed_fixture.hpp"

#include <string>

namespace ccapi::http::test {
namespace {

using namespace std::chrono_literals;

TEST_F(server_idempotency, the_same_answer_again_byte_by_byte) {
  serve();
  gateway_->play(hello());
  for (const bool stream : {false, true}) {
    const std::string key = stream ? "s" : "w";
    const auto first = ask(stream, key);
    EXPECT_EQ(first.status, 200U);
    EXPECT_EQ(first.field("idempotent-replayed"), "");
    for (int again = 0; again < 2; ++again) {
      const auto second = ask(stream, key);
      EXPECT_EQ(second.status, 200U);
      EXPECT_EQ(second.body, first.body);
      EXPECT_EQ(second.field("idempotent-replayed"), "true");
      EXPECT_EQ(second.field("content-type"), first.field("content-type"));
      EXPECT_EQ(second.field("x-ccapi-conversation-id"), first.field("x-ccapi-conversation-id"));
      EXPECT_NE(second.field("x-request-id"), first.field("x-request-id"));
    }
    EXPECT_NE(ask(stream, key + "2").body, first.body) << "another key is another request";
  }
  EXPECT_EQ(gateway_->requests.size(), 4U);
}

TEST_F(server_idempotency, a_connection_goes_on_behind_such_an_answer) {
  serve();
  gateway_->play(hello());
  auto client = connect();
  for (const bool stream : {false, true})
    for (int times = 0; times < 3; ++times) {
      client.send(keyed(stream, stream ? "s" : "w"));
      const auto answer = client.read_answer();
      EXPECT_EQ(answer.status, 200U);
      EXPECT_NE(answer.body.find(stream ? "Hel" : "Hello"), std::string::npos) << answer.body;
    }
  client.send(keyed(false, "w") + keyed(true, "s") + post(chat(false)));
  EXPECT_EQ(client.read_answer().field("idempotent-replayed"), "true");
  EXPECT_EQ(client.read_answer().field("idempotent-replayed"), "true");
  EXPECT_EQ(client.read_answer().field("idempotent-replayed"), "");
}

TEST_F(server_idempotency, a_running_stream_is_joined_from_its_beginning) {
  serve();
  auto first = connect();
  first.send(keyed(true));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  gateway_->send(1, {domain::answer_started{"m"}, domain::text_delta{"Hel"}});
  std::string told;
  read_until(first, told, "Hel");
  auto second = connect();
  second.send(keyed(true));
  std::string told_too;
  read_until(second, told_too, "Hel");
  EXPECT_NE(told_too.find("idempotent-replayed: true"), std::string::npos);
  gateway_->send(1, {domain::text_delta{"lo"}, domain::turn_finished{.model = "m"}});
  read_until(first, told, "0\r\n\r\n");
  read_until(second, told_too, "0\r\n\r\n");
  EXPECT_NE(told_too.find("[DONE]"), std::string::npos);
  EXPECT_EQ(gateway_->requests.size(), 1U);
}

TEST_F(server_idempotency, a_whole_answer_in_work_is_waited_for) {
  serve();
  auto first = connect();
  first.send(keyed(false));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  auto second = connect();
  second.send(keyed(false));
  auto other = connect(); // once this one is at work, the second has been read
  other.send(post(chat(false)));
  ASSERT_TRUE(gateway_->wait_for_turns(2));
  EXPECT_FALSE(second.readable_within(0));
  gateway_->send(1, hello());
  const auto answer = first.read_answer();
  EXPECT_EQ(second.read_answer().body, answer.body);
  EXPECT_EQ(gateway_->requests.size(), 2U);
}

TEST_F(server_idempotency, a_turn_goes_on_without_its_client) {
  serve();
  for (const bool stream : {false, true}) {
    const std::string key = stream ? "s" : "w";
    const domain::turn_id turn = stream ? 2 : 1;
    {
      auto client = connect();
      client.send(keyed(stream, key));
      ASSERT_TRUE(gateway_->wait_for_turns(turn));
    }
    wait_until_empty();
    gateway_->send(turn, hello());
    const auto answer = ask(stream, key);
    EXPECT_EQ(answer.status, 200U);
    EXPECT_NE(answer.body.find("lo"), std::string::npos);
    EXPECT_TRUE(gateway_->cancelled.empty());
  }
  EXPECT_EQ(gateway_->requests.size(), 2U);
}

TEST_F(server_idempotency, nobody_comes_back_in_time_and_the_turn_ends) {
  idempotency_.grace = 20ms;
  serve();
  {
    auto client = connect();
    client.send(keyed(true));
    ASSERT_TRUE(gateway_->wait_for_turns(1));
  }
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
  gateway_->play(hello());
  EXPECT_EQ(ask(true).field("idempotent-replayed"), "") << "it is a new one";
}

TEST_F(server_idempotency, another_request_must_not_use_the_key) {
  serve();
  gateway_->play(hello());
  EXPECT_EQ(ask(false).status, 200U);
  const auto answer = ask(true);
  EXPECT_EQ(answer.status, 422U);
  EXPECT_NE(answer.body.find("idempotency_key_reused"), std::string::npos);
  EXPECT_EQ(gateway_->requests.size(), 1U);
}

TEST_F(server_idempotency, keys_are_checked) {
  serve();
  gateway_->play(hello());
  for (const auto& bad : {std::string{}, std::string{"a b"}, std::string(256, 'k'),
                          std::string{"k\r\nidempotency-key: l"}, std::string{"\xc3\xa4"}}) {
    const auto answer = ask(false, bad);
    EXPECT_EQ(answer.status, 400U) << bad;
    EXPECT_NE(answer.body.find("invalid_idempotency_key"), std::string::npos) << bad;
  }
  EXPECT_EQ(ask(false, std::string(255, 'k')).status, 200U);
  EXPECT_EQ(ask(false, "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"").status, 200U);
}

TEST_F(server_idempotency, what_time_heals_is_tried_again) {
  serve();
  gateway_->play({domain::turn_failed{{.code = domain::error_code::server_busy}}});
  EXPECT_EQ(ask(true).status, 503U);
  gateway_->play({domain::answer_started{"m"}, domain::text_delta{"Hel"},
                  domain::turn_failed{{.code = domain::error_code::upstream_crash}}});
  EXPECT_EQ(ask(false).status, 502U);
  gateway_->play(hello());
  EXPECT_EQ(ask(true, "k").status, 200U);
  EXPECT_EQ(ask(true, "k").field("idempotent-replayed"), "true");
  EXPECT_EQ(gateway_->requests.size(), 3U);
}

TEST_F(server_idempotency, what_the_client_sent_is_refused_again) {
  serve();
  const auto refused = [&] {
    auto client = connect();
    client.send(post(R"({"messages":[]})", "Idempotency-Key: k\r\n"));
    return client.read_answer();
  };
  const auto first = refused();
  EXPECT_EQ(first.status, 400U);
  const auto second = refused();
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.field("idempotent-replayed"), "true");
}

TEST_F(server_idempotency, without_memory_for_it_a_stream_is_not_joined_and_its_client_paces_it) {
  idempotency_.bytes_max = 64 << 10;
  limits_.stream_buffer_bytes = 16 << 10;
  serve();
  auto slow = connect();
  slow.send(keyed(true));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  fake_gateway::script much{domain::answer_started{"m"}};
  constexpr std::size_t pieces = 4000;
  for (std::size_t piece = 0; piece < pieces; ++piece)
    much.push_back(domain::text_delta{std::string(4096, 'x')});
  much.push_back(domain::turn_finished{.model = "m"});
  gateway_->send(1, std::move(much));
  std::string told;
  read_until(slow, told, "xxxx");
  ASSERT_TRUE(gateway_->wait_until([&] { return gateway_->delivered > (1U << 20); }));
  const auto late = ask(true);
  EXPECT_EQ(late.status, 409U);
  EXPECT_NE(late.body.find("idempotency_key_in_use"), std::string::npos);
  EXPECT_LT(gateway_->delivered_now(), pieces * 4096) << "nobody has read that much";
  read_until(slow, told, "0\r\n\r\n");
  EXPECT_NE(told.find("[DONE]"), std::string::npos);
  gateway_->play(hello());
  EXPECT_EQ(ask(true).field("idempotent-replayed"), "") << "it could not be kept";
}

TEST_F(server_idempotency, a_long_whole_answer_comes_again_whole) {
  serve();
  gateway_->play({domain::answer_started{"m"}, domain::text_delta{std::string(200'000, 'x')},
                  domain::turn_finished{.model = "m"}});
  const auto first = ask(false);
  ASSERT_GT(first.body.size(), 200'000U);
  for (int again = 0; again < 2; ++again) {
    const auto answer = ask(false);
    EXPECT_EQ(answer.body, first.body);
    EXPECT_EQ(answer.field("content-type"), "application/json");
    EXPECT_EQ(answer.field("idempotent-replayed"), "true");
  }
  auto client = connect();
  auto request = keyed(false);
  request.replace(request.find("HTTP/1.1"), 8, "HTTP/1.0");
  client.send(request);
  EXPECT_TRUE(client.read_to_end().ends_with(first.body));
}

TEST_F(server_idempotency, http_1_0_streams_end_with_the_connection) {
  serve();
  gateway_->play(hello());
  for (int times = 0; times < 2; ++times) {
    auto client = connect();
    auto request = keyed(true);
    request.replace(request.find("HTTP/1.1"), 8, "HTTP/1.0");
    client.send(request);
    const auto all = client.read_to_end();
    EXPECT_TRUE(all.ends_with("data: [DONE]\n\n")) << all;
  }
  EXPECT_EQ(gateway_->requests.size(), 1U);
}

TEST_F(server_idempotency, a_handler_that_throws_leaves_no_key_behind) {
  serve();
  gateway_->fail_at(fake_gateway::call::submit);
  EXPECT_EQ(ask(false).status, 500U);
  gateway_->fail_at(fake_gateway::call::none);
  gateway_->play(hello());
  EXPECT_EQ(ask(false).status, 200U);
}

TEST_F(server_idempotency, a_key_is_free_again_whatever_fails_at_the_end_of_its_turn) {
  idempotency_.grace = 0ms;
  serve();
  gateway_->fail_at(fake_gateway::call::cancel);
  {
    auto client = connect();
    client.send(keyed(true));
    ASSERT_TRUE(gateway_->wait_for_turns(1));
  }
  wait_until_empty();
  gateway_->play(hello());
  for (unsigned status = 0; gateway_->requests.size() < 2;) { // until its time is over
    auto client = connect();
    client.send(keyed(true));
    if (client.readable_within(50))
      status = client.read_answer().status;
    ASSERT_NE(status, 409U);
  }
  gateway_->fail_at(fake_gateway::call::none);
}

TEST_F(server_idempotency, nobody_waits_for_an_answer_that_failed_twice) {
  limits_.answer_bytes_max = 4096;
  serve();
  gateway_->fail_at(fake_gateway::call::cancel);
  gateway_->play({domain::answer_started{"m"}, domain::text_delta{std::string(5000, 'x')}});
  EXPECT_EQ(ask(false).status, 500U);
  gateway_->fail_at(fake_gateway::call::none);
  gateway_->play(hello());
  EXPECT_EQ(ask(false).status, 200U) << "the key is free again";
}

TEST_F(server_idempotency, a_body_counts_as_long_as_its_request_waits) {
  limits_.bodies_bytes_max = 1 << 20;
  serve();
  const auto large = [&](const std::string& key) {
    auto body = chat(true);
    body.insert(body.size() - 1, R"(,"user":")" + std::string(700'000, 'u') + '"');
    return post(body, "Idempotency-Key: " + key + "\r\n");
  };
  {
    auto client = connect();
    client.send(large("a"));
    ASSERT_TRUE(gateway_->wait_for_turns(1));
  }
  wait_until_empty();
  auto second = connect();
  second.send(large("b"));
  EXPECT_EQ(second.read_answer().status, 503U);
  gateway_->send(1, hello());
  gateway_->play(hello());
  EXPECT_EQ(ask(true, "c").status, 200U);
  auto client = connect();
  client.send(large("b"));
  EXPECT_EQ(client.read_answer().status, 200U) << "the first answer has begun";
}

TEST_F(server_idempotency, a_turn_without_client_does_not_hold_up_the_end) {
  serve();
  {
    auto client = connect();
    client.send(keyed(true));
    ASSERT_TRUE(gateway_->wait_for_turns(1));
  }
  wait_until_empty();
  server_->stop_accepting();
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
}

} // namespace
} // namespace ccapi::http::test
