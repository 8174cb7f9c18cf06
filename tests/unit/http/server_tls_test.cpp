#include "http/wire/tls.hpp"
#include "server_fixture.hpp"
#include "test_certificate.hpp"

#include <openssl/ssl.h>

// What is only so with TLS.

namespace ccapi::http::test {
namespace {

using namespace std::chrono_literals;

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

TEST_F(server_tls, only_an_answer_that_is_whole_ends_with_a_close_notify) {
  serve();
  const fake_gateway::script whole{domain::text_delta{"Hi"}, domain::turn_finished{}};
  const fake_gateway::script failed{
    domain::text_delta{"Hi"}, domain::turn_failed{{.code = domain::error_code::upstream_crash}}};
  for (const bool http_10 : {false, true})
    for (const auto* script : {&whole, &failed}) {
      gateway_->play(*script);
      auto client = connect();
      ASSERT_TRUE(client.start_tls({.strict_end = true}));
      auto request = post(chat(true), "Connection: close\r\n");
      if (http_10)
        request.replace(request.find("HTTP/1.1"), 8, "HTTP/1.0");
      client.send(request);
      const auto received = client.read_to_end();
      EXPECT_NE(received.find("Hi"), std::string::npos);
      EXPECT_EQ(received.find("[DONE]") != std::string::npos, script == &whole);
      EXPECT_EQ(received.find("upstream_crash") != std::string::npos, script == &failed);
      EXPECT_EQ(client.got_close_notify(), script == &whole);
    }
}

TEST_F(server_tls, an_answer_that_is_ended_by_force_has_no_close_notify) {
  serve();
  auto client = connect();
  ASSERT_TRUE(client.start_tls({.strict_end = true}));
  client.send(post(chat(true)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  gateway_->send(1, {domain::text_delta{"Hi"}});
  while (client.read_some().find("Hi") == std::string::npos) {
  }
  server_->close_all();
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_FALSE(client.got_close_notify());
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
    server made{{worker{loop_, gateway}}, dialects_, given, "1", {}};
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
