#include "server_fixture.hpp"

#include <algorithm>

// When a stream gets its status, and how it ends if it fails.

namespace ccapi::http::test {
namespace {

using namespace std::chrono_literals;

class server_stream : public server_fixture {};

TEST_F(server_stream, a_failure_before_the_first_delta_is_a_real_status) {
  serve();
  for (const bool stream : {false, true}) {
    auto client = connect();
    gateway_->play({domain::turn_failed{{.code = domain::error_code::server_busy,
                                         .message = "All processes are busy.",
                                         .detail = "secret",
                                         .retry_after = 1500ms}}});
    client.send(post(chat(stream)));
    auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 503u);
    EXPECT_EQ(answer.field("x-should-retry"), "true");
    EXPECT_EQ(answer.field("retry-after"), "2");
    EXPECT_EQ(answer.field("retry-after-ms"), "1500");
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
    EXPECT_NE(answer.body.find("server_busy"), std::string::npos);
    gateway_->play({domain::answer_started{"m"},
                    domain::turn_failed{{.code = domain::error_code::upstream_crash}}});
    client.send(post(chat(stream)));
    answer = client.read_answer();
    EXPECT_EQ(answer.status, 502u);
    EXPECT_EQ(answer.field("x-should-retry"), "false") << "the API has been paid";
  }
}

TEST_F(server_stream, a_slow_model_gets_the_header_out_and_pings) {
  limits_.stream_header_delay = 30ms;
  limits_.stream_ping_interval = 30ms;
  serve();
  gateway_->play({domain::question_sent{}});
  auto client = connect();
  client.send(post(chat(true)));
  std::string received;
  while (received.find(": ping\n\n") == std::string::npos)
    received += client.read_some();
  EXPECT_EQ(received.find("HTTP/1.1 200 OK"), 0u);
  EXPECT_LT(received.find(R"("role":"assistant")"), received.find(": ping"));
  EXPECT_NE(received.find(R"("model":"sonnet")"), std::string::npos);
  gateway_->send(1, {domain::turn_failed{{.code = domain::error_code::timeout}}});
  received += client.read_to_end();
  EXPECT_NE(received.find(R"(data: {"error":)"), std::string::npos);
}

TEST_F(server_stream, no_status_leaves_while_no_process_has_the_turn) {
  limits_.stream_header_delay = 10ms;
  limits_.stream_ping_interval = 10ms;
  serve();
  auto client = connect();
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  // Another one that is placed at once shows how time goes by.
  gateway_->play({domain::question_sent{}});
  auto other = connect();
  other.send(post(chat(true)));
  std::string received;
  while (received.find(": ping\n\n") == std::string::npos)
    received += other.read_some();
  EXPECT_FALSE(client.readable_within(0));
  gateway_->send(1, {domain::turn_failed{{.code = domain::error_code::server_busy,
                                          .message = "All processes are busy.",
                                          .retry_after = 10s}}});
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 503u);
  EXPECT_EQ(answer.field("retry-after"), "10");
  EXPECT_EQ(answer.field("x-should-retry"), "true");
}

TEST_F(server_stream, a_client_that_leaves_while_no_process_has_its_turn_is_noticed) {
  limits_.stream_header_delay = 0ms;
  serve();
  auto client = connect();
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  client.finish_sending();
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
}

TEST_F(server_stream, a_turn_that_is_placed_again_goes_on_in_its_stream) {
  limits_.stream_header_delay = 10ms;
  serve();
  gateway_->play({domain::question_sent{}});
  auto client = connect();
  client.send(post(chat(true)));
  std::string received;
  while (received.find(R"("role":"assistant")") == std::string::npos)
    received += client.read_some();
  gateway_->send(1, {domain::question_sent{}, domain::answer_started{"m"}, domain::text_delta{"Hi"},
                     domain::turn_finished{}});
  while (received.find("0\r\n\r\n") == std::string::npos)
    received += client.read_some();
  EXPECT_EQ(received.find(R"("role":"assistant")"), received.rfind(R"("role":"assistant")"));
  EXPECT_NE(received.find(R"("content":"Hi")"), std::string::npos);
}

TEST_F(server_stream, a_failure_in_mid_stream_is_an_error_frame_and_a_stream_without_its_end) {
  serve();
  gateway_->play(
    {domain::text_delta{"Hel"}, domain::turn_failed{{.code = domain::error_code::upstream_crash,
                                                     .message = "The process died."}}});
  auto client = connect();
  // What is sent ahead is not answered, and does not make a reset of the end.
  client.send(post(chat(true)) + get("/health"));
  const auto received = client.read_to_end();
  EXPECT_TRUE(received.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(received.ends_with(
    R"(data: {"error":{"message":"The process died.","type":"claude_process_error","param":null,)"
    R"("code":"upstream_crash"}})"
    "\n\n\r\n"))
    << "the frame's chunk is whole, the last one is missing: " << received;
  EXPECT_NE(received.find("Hel"), std::string::npos);
  EXPECT_EQ(received.find("[DONE]"), std::string::npos);
  EXPECT_EQ(received.find("\r\n0\r\n"), std::string::npos);
  EXPECT_EQ(received.find(R"("finish_reason":"stop")"), std::string::npos);
  wait_until_empty();
}

TEST_F(server_stream, a_failed_stream_of_http_10_ends_with_the_error_frame) {
  serve();
  gateway_->play(
    {domain::text_delta{"Hel"}, domain::turn_failed{{.code = domain::error_code::upstream_error}}});
  auto client = connect();
  auto request = post(chat(true), "Connection: keep-alive\r\n");
  request.replace(request.find("HTTP/1.1"), 8, "HTTP/1.0");
  client.send(request);
  const auto answer = client.read_answer();
  EXPECT_NE(answer.body.find("Hel"), std::string::npos);
  EXPECT_TRUE(answer.body.ends_with(R"("code":"upstream_error"}})"
                                    "\n\n"));
}

TEST_F(server_stream, a_failure_while_a_write_is_under_way_is_not_lost) {
  limits_.stream_buffer_bytes = 64 << 10;
  serve();
  raw_client client{port_, 4096};
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  fake_gateway::script events(4'000, domain::text_delta{std::string(1000, '~')});
  events.push_back(domain::turn_failed{{.code = domain::error_code::draining}});
  gateway_->send(1, std::move(events));
  const auto received = client.read_to_end();
  EXPECT_EQ(std::count(received.begin(), received.end(), '~'), 4'000'000);
  EXPECT_TRUE(received.ends_with(R"("code":"draining"}})"
                                 "\n\n\r\n"));
}

TEST_F(server_stream, a_turn_that_is_given_up_as_too_much_for_its_client_has_no_end_either) {
  limits_.stream_buffer_bytes = 4 << 10; // 64 KiB may wait encoded
  serve();
  auto client = connect();
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  gateway_->send(1, fake_gateway::script(4'000, domain::reasoning_delta{"^"}));
  ASSERT_TRUE(gateway_->wait_for_cancel(1));
  const auto received = client.read_to_end();
  EXPECT_NE(received.find("The client reads too slowly"), std::string::npos);
  EXPECT_TRUE(received.ends_with("}\n\n\r\n"));
  EXPECT_EQ(received.find("[DONE]"), std::string::npos);
}

} // namespace
} // namespace ccapi::http::test
