#include "server_fixture.hpp"

// What throws where nobody expects it, and what that ends.

namespace ccapi::http::test {
namespace {

using namespace std::chrono_literals;

class server_failure : public server_fixture {
protected:
  /// The program goes on.
  void expect_alive() {
    auto other = connect();
    other.send(get("/health"));
    EXPECT_EQ(other.read_answer().status, 200u);
  }
};

TEST_F(server_failure, exception_in_a_handler_ends_one_connection_only) {
  serve();
  auto other = connect();
  other.send(get("/health"));
  EXPECT_EQ(other.read_answer().status, 200u);
  gateway_->fail_at(fake_gateway::call::submit);
  for (const bool stream : {false, true}) {
    auto client = connect();
    client.send(post(chat(stream)));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 500u);
    EXPECT_NE(answer.body.find("internal_error"), std::string::npos);
    EXPECT_EQ(answer.field("connection"), "close");
    EXPECT_TRUE(client.ends());
  }
  other.send(get("/health"));
  EXPECT_EQ(other.read_answer().status, 200u);
}

TEST_F(server_failure, exception_in_an_answer_ends_it) {
  serve();
  auto client = connect();
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  gateway_->fail_at(fake_gateway::call::acknowledge);
  gateway_->send(1, {domain::text_delta{"some"}});
  EXPECT_EQ(client.read_to_end().find("[DONE]"), std::string::npos);
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
  expect_alive();
}

TEST_F(server_failure, exception_at_an_event_ends_one_turn_only) {
  serve();
  auto client = connect();
  client.send(post(chat(false)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  gateway_->fail_at(fake_gateway::call::acknowledge);
  gateway_->send(1, {domain::text_delta{std::string(limits_.stream_buffer_bytes, 'x')}});
  EXPECT_EQ(client.read_answer().status, 500u);
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
  gateway_->fail_at(fake_gateway::call::none);
  expect_alive();
}

TEST_F(server_failure, exception_at_a_deadline_or_at_the_end_of_a_turn_ends_one_connection_only) {
  limits_.header_timeout = 50ms;
  serve();
  gateway_->fail_at(fake_gateway::call::health); // every answer asks for it
  auto late = connect();
  late.send("GET / HTTP/1.1\r\n");
  EXPECT_TRUE(late.ends());
  gateway_->fail_at(fake_gateway::call::cancel);
  {
    auto gone = connect();
    gone.send(post(chat(true)));
    ASSERT_TRUE(gateway_->wait_for_turns(1));
  }
  wait_until_empty();
  gateway_->fail_at(fake_gateway::call::none);
  expect_alive();
}

} // namespace
} // namespace ccapi::http::test
