#include "http/tls.hpp"
#include "server_fixture.hpp"
#include "test_certificate.hpp"

#include <algorithm>
#include <openssl/ssl.h>

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

// ---- TLS alone

class server_tls : public server_fixture {
protected:
  void SetUp() override { tls_ = make_certificate(directory(), "server"); }
};

TEST_F(server_tls, speaks_tls_12_and_13_with_modern_ciphers_only) {
  serve();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto client = connect();
    EXPECT_TRUE(client.start_tls({.version_max = version}));
    client.send(get("/health"));
    EXPECT_EQ(client.read_answer().body, "OK");
  }
  EXPECT_FALSE(connect().start_tls({.version_max = TLS1_1_VERSION}));
  EXPECT_FALSE(connect().start_tls(
    {.version_max = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA256:AES128-GCM-SHA256"}));
}

TEST_F(server_tls, chooses_http_11_and_refuses_clients_that_only_speak_others) {
  serve();
  auto client = connect();
  EXPECT_TRUE(client.start_tls({.protocol = "http/1.1"}));
  EXPECT_EQ(client.chosen_protocol(), "http/1.1");
  EXPECT_FALSE(connect().start_tls({.protocol = "h2"}));
}

TEST_F(server_tls, tells_a_client_that_speaks_plain_http) {
  serve();
  for (const auto* request : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\n"}) {
    auto client = connect();
    client.send(request);
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 400u);
    EXPECT_NE(answer.body.find("tls_required"), std::string::npos);
    EXPECT_TRUE(client.ends());
  }
  auto client = connect();
  client.send("SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(client.read_to_end().find("HTTP"), std::string::npos);
  wait_until_empty();
}

TEST_F(server_tls, gives_up_on_a_handshake_that_does_not_end) {
  limits_.header_timeout = 100ms;
  serve();
  auto silent = connect();
  auto begun = connect();
  begun.send(std::string_view{"\x16\x03\x01\x02\x00\x01", 6});
  EXPECT_TRUE(silent.ends());
  EXPECT_TRUE(begun.ends());
  auto no_request = connect();
  EXPECT_TRUE(no_request.start_tls());
  EXPECT_EQ(no_request.read_to_end(), "");
  wait_until_empty();
}

TEST_F(server_tls, new_connections_get_the_certificate_that_was_read_last) {
  serve();
  auto old = connect();
  ASSERT_TRUE(old.start_tls());
  const auto files = make_certificate(directory(), "fresh");
  std::filesystem::copy_file(files.certificate_file, tls_.certificate_file,
                             std::filesystem::copy_options::overwrite_existing);
  const auto half_done = server_->reload_tls();
  ASSERT_FALSE(half_done) << "the certificate is not that of the key";
  EXPECT_EQ(half_done.error().param, "tls.private_key_file");
  auto unchanged = connect();
  ASSERT_TRUE(unchanged.start_tls());
  EXPECT_EQ(unchanged.certificate_digest(), old.certificate_digest());

  std::filesystem::copy_file(files.private_key_file, tls_.private_key_file,
                             std::filesystem::copy_options::overwrite_existing);
  ASSERT_TRUE(server_->reload_tls());
  auto fresh = connect();
  ASSERT_TRUE(fresh.start_tls());
  EXPECT_NE(fresh.certificate_digest(), old.certificate_digest());
  for (auto* client : {&old, &unchanged, &fresh}) {
    client->send(get("/health"));
    EXPECT_EQ(client->read_answer().body, "OK");
  }
}

TEST_F(server_tls, files_that_do_not_fit_are_refused_at_the_start) {
  const auto other = make_certificate(directory(), "other");
  fake_gateway gateway{loop_, 1};
  const auto problem_with = [&](const config::tls_settings& files) {
    auto given = settings();
    given.tls = files;
    server made{{worker{loop_, gateway}}, given, "1", {}};
    const auto outcome = made.open();
    return outcome ? std::string{} : outcome.error().param;
  };
  const auto& good = tls_;
  EXPECT_EQ(problem_with(good), "");
  EXPECT_EQ(problem_with({good.certificate_file, ""}), "tls.private_key_file");
  EXPECT_EQ(problem_with({"", good.private_key_file}), "tls.certificate_file");
  EXPECT_EQ(problem_with({good.certificate_file, other.private_key_file}), "tls.private_key_file");
  EXPECT_EQ(problem_with({"/nowhere.crt", good.private_key_file}), "tls.certificate_file");
  EXPECT_EQ(problem_with({good.certificate_file, good.certificate_file}), "tls.private_key_file");
  EXPECT_FALSE(key_file_warning(good.private_key_file));
  EXPECT_TRUE(key_file_warning(good.certificate_file)) << "readable by others";
}

} // namespace
} // namespace ccapi::http::test
