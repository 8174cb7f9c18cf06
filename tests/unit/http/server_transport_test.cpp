#include "server_fixture.hpp"
#include "test_certificate.hpp"

#include <algorithm>
#include <thread>

// What a connection does is the same over TCP, over a Unix socket and with TLS.

namespace ccapi::http::test {
namespace {

using namespace std::chrono_literals;

enum class transport : std::uint8_t { tcp, unix_socket, tls };

class server_transport : public server_fixture, public testing::WithParamInterface<transport> {
protected:
  void serve_here() {
    if (GetParam() == transport::unix_socket) {
      settings_.tcp = false;
      settings_.unix_socket = (directory() / "gateway.sock").string();
    }
    if (GetParam() == transport::tls)
      tls_ = make_certificate(directory(), "server");
    serve();
  }
  [[nodiscard]] std::unique_ptr<raw_client> client_here(int receive_buffer = 0) const {
    if (GetParam() == transport::unix_socket)
      return std::make_unique<raw_client>(settings_.unix_socket);
    auto client = std::make_unique<raw_client>(port_, receive_buffer);
    if (GetParam() == transport::tls) {
      EXPECT_TRUE(client->start_tls());
    }
    return client;
  }
  /// With the Host that clients of the transport send.
  [[nodiscard]] std::string to_host(std::string request) const {
    if (GetParam() == transport::unix_socket)
      request.replace(request.find(host()), host().size(), "localhost");
    return request;
  }
};

INSTANTIATE_TEST_SUITE_P(transports, server_transport,
                         testing::Values(transport::tcp, transport::unix_socket, transport::tls),
                         [](const auto& each) {
                           return each.param == transport::tcp   ? "tcp"
                                  : each.param == transport::tls ? "tls"
                                                                 : "unix_socket";
                         });

TEST_P(server_transport, keeps_connections_alive_and_answers_pipelined_requests) {
  serve_here();
  const auto client = client_here();
  for (int round = 0; round < 3; ++round) {
    client->send(to_host(get("/health")));
    EXPECT_EQ(client->read_answer().body, "OK");
  }
  std::string many;
  for (int i = 0; i < 300; ++i)
    many += to_host(get("/v1/models"));
  client->send(many);
  for (int i = 0; i < 300; ++i)
    ASSERT_EQ(client->read_answer().status, 200u);
}

TEST_P(server_transport, reads_large_bodies_and_writes_large_answers) {
  serve_here();
  const auto client = client_here();
  std::string told;
  fake_gateway::script events;
  for (int i = 0; i < 300; ++i) {
    events.emplace_back(domain::text_delta{std::string(10'000, static_cast<char>('a' + i % 26))});
    told += std::get<domain::text_delta>(events.back()).text;
  }
  events.emplace_back(domain::turn_finished{});
  gateway_->play(events);
  auto body = chat(false);
  body.insert(1, std::string((5 << 20) + 12345, ' '));
  client->send(to_host(post(body)));
  const auto answer = client->read_answer();
  EXPECT_EQ(answer.status, 200u);
  EXPECT_NE(answer.body.find(told), std::string::npos);
  client->send(to_host(get("/health")));
  EXPECT_EQ(client->read_answer().body, "OK");
}

TEST_P(server_transport, streams_as_it_goes) {
  serve_here();
  const auto client = client_here();
  client->send(to_host(post(chat(true))));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  gateway_->send(1, {domain::text_delta{"first"}});
  std::string seen;
  while (seen.find("first") == std::string::npos)
    seen += client->read_some();
  gateway_->send(1, {domain::text_delta{"second"}, domain::turn_finished{}});
  while (seen.find("[DONE]") == std::string::npos)
    seen += client->read_some();
  EXPECT_NE(seen.find("second"), std::string::npos);
}

TEST_P(server_transport, client_that_leaves_in_mid_stream_cancels_the_turn) {
  serve_here();
  for (const bool reset : {false, true}) {
    const auto turn = reset ? 2u : 1u;
    auto client = client_here();
    client->send(to_host(post(chat(true))));
    ASSERT_TRUE(gateway_->wait_for_turns(turn));
    gateway_->send(turn, {domain::text_delta{"text"}});
    client->read_some();
    if (reset)
      client->reset();
    client.reset();
    EXPECT_TRUE(gateway_->wait_for_cancel(turn));
  }
  wait_until_empty();
}

TEST_P(server_transport, client_that_leaves_is_noticed_however_much_it_has_sent_ahead) {
  serve_here();
  unsigned turn = 0;
  for (const std::size_t ahead : {20'000, 2'000'000}) // the latter fills every buffer on the way
    for (const bool reset : {false, true}) {
      auto client = client_here();
      client->send(to_host(post(chat(true))) + std::string(ahead, 'x'));
      ASSERT_TRUE(gateway_->wait_for_turns(++turn));
      if (reset)
        client->reset();
      client.reset();
      EXPECT_TRUE(gateway_->wait_for_cancel(turn)) << ahead << (reset ? " reset" : " closed");
    }
  wait_until_empty();
}

TEST_P(server_transport, what_was_sent_ahead_of_a_quick_answer_is_answered_all_the_same) {
  serve_here();
  const auto client = client_here();
  std::string many;
  for (int i = 0; i < 900; ++i)
    many += to_host(get("/v1/models"));
  std::thread sender{[&] { client->send(many); }};
  sender.join(); // all of it, before anything is read
  for (int i = 0; i < 900; ++i)
    ASSERT_EQ(client->read_answer().status, 200u) << i;
}

TEST_P(server_transport, what_was_sent_ahead_of_a_turn_is_dropped_and_its_answer_the_last) {
  serve_here();
  const auto client = client_here();
  // More than fits on the way: it has left only when some of it was dropped.
  client->send(to_host(post(chat(false))) + std::string(16 << 20, 'x'));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  gateway_->send(1, {domain::text_delta{"Hi"}, domain::turn_finished{}});
  const auto answer = client->read_answer();
  EXPECT_EQ(answer.status, 200u);
  EXPECT_NE(answer.body.find("Hi"), std::string::npos);
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(client->ends());
}

TEST_P(server_transport, client_that_sends_without_end_ahead_of_its_answer_is_given_up) {
  limits_.body_bytes_max = 64 << 10;
  serve_here();
  const auto client = client_here();
  client->send(to_host(post(chat(true))));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  for (int piece = 0; piece < 64; ++piece)
    client->send(std::string(64 << 10, 'x'));
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
}

TEST_P(server_transport, refusal_for_too_many_connections_reaches_a_client_that_is_sending) {
  if (GetParam() == transport::tls)
    return; // nothing can be said before the handshake
  limits_.connections_max = 1;
  serve_here();
  const auto first = client_here();
  first->send(to_host(get("/health")));
  EXPECT_EQ(first->read_answer().status, 200u);
  for (int round = 0; round < 20; ++round) { // places to be refused from are given back
    const auto second = client_here();
    second->send(to_host(post(std::string(4 << 20, ' '))));
    const auto answer = second->read_answer();
    ASSERT_EQ(answer.status, 503u) << round;
    EXPECT_NE(answer.body.find("too_many_connections"), std::string::npos);
    EXPECT_EQ(answer.field("connection"), "close");
    EXPECT_EQ(answer.field("retry-after"), "1");
    EXPECT_TRUE(second->ends());
  }
  EXPECT_EQ(server_->connection_count(), 1u);
}

TEST_P(server_transport, half_close_during_a_turn_cancels_it) {
  serve_here();
  const auto client = client_here();
  client->send(to_host(post(chat(true))));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  client->finish_sending();
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
  EXPECT_TRUE(client->ends());
}

TEST_P(server_transport, half_close_behind_a_short_request_gets_its_answer) {
  serve_here();
  const auto client = client_here();
  client->send(to_host(get("/v1/models")));
  client->finish_sending();
  EXPECT_EQ(client->read_answer().status, 200u);
  EXPECT_TRUE(client->ends());
}

TEST_P(server_transport, refusal_reaches_a_client_that_is_still_sending) {
  serve_here();
  const auto client = client_here();
  const auto before_body = "POST /nowhere HTTP/1.1\r\nHost: " + host()
                           + "\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n";
  client->send(to_host(before_body) + std::string(50'000, ' '));
  const auto answer = client->read_answer();
  EXPECT_EQ(answer.status, 404u);
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(client->ends());
}

TEST_P(server_transport, slow_reader_holds_the_turn_back_and_loses_nothing) {
  limits_.stream_buffer_bytes = 64 << 10;
  serve_here();
  const auto client = client_here(64 << 10);
  client->send(to_host(post(chat(true))));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  constexpr std::size_t events = 12'000;
  fake_gateway::script script(events, domain::text_delta{std::string(1000, '~')});
  script.emplace_back(domain::turn_finished{});
  gateway_->send(1, std::move(script));
  ASSERT_TRUE(gateway_->wait_until([&] { return gateway_->delivered > 64 << 10; }));
  EXPECT_LT(gateway_->delivered_now(), events * 1000 / 2);
  const auto body = client->read_answer().body;
  EXPECT_EQ(static_cast<std::size_t>(std::count(body.begin(), body.end(), '~')), events * 1000);
}

TEST_P(server_transport, reader_that_stopped_is_given_up) {
  limits_.stream_buffer_bytes = 64 << 10;
  limits_.write_stall_timeout = 100ms;
  serve_here();
  const auto client = client_here(4096);
  client->send(to_host(post(chat(true))));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  gateway_->send(1, fake_gateway::script(40'000, domain::text_delta{std::string(1000, 'a')}));
  EXPECT_TRUE(gateway_->wait_for_cancel(1));
  wait_until_empty();
}

TEST_P(server_transport, idle_connections_are_closed_in_time_and_at_the_drain) {
  limits_.keep_alive_timeout = 100ms;
  serve_here();
  const auto first = client_here();
  first->send(to_host(get("/health")));
  EXPECT_EQ(first->read_answer().status, 200u);
  EXPECT_TRUE(first->ends());
  const auto second = client_here();
  second->send(to_host(get("/health")));
  EXPECT_EQ(second->read_answer().status, 200u);
  server_->stop_accepting();
  EXPECT_TRUE(second->ends());
  EXPECT_THROW(client_here(), std::runtime_error);
}

} // namespace
} // namespace ccapi::http::test
