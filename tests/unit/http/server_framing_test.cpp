#include "server_fixture.hpp"

// Hostile and odd bytes against a real socket, in one piece and byte by byte.

namespace ccapi::http::test {
namespace {

class server_framing : public server_fixture {
protected:
  void SetUp() override { serve(); }

  /// What a smuggler wants to have answered as a request of its own.
  [[nodiscard]] std::string canary() const { return get("/v1/models/canary"); }

  /// The request is refused, the connection ends, and nothing behind it is answered.
  void expect_refused(const std::string& request, unsigned status) {
    for (const bool byte_by_byte : {false, true}) {
      SCOPED_TRACE(request.substr(0, 200) + (byte_by_byte ? "\n(byte by byte)" : "\n(at once)"));
      auto client = connect();
      if (byte_by_byte)
        client.send_byte_by_byte(request + canary());
      else
        client.send(request + canary());
      const auto answer = client.read_answer();
      EXPECT_EQ(answer.status, status);
      EXPECT_EQ(answer.field("connection"), "close");
      EXPECT_EQ(answer.field("x-request-id").size(), 36u);
      EXPECT_EQ(answer.body.find(R"({"error":{"message":")"), 0u);
      EXPECT_EQ(client.read_to_end(), "");
    }
    EXPECT_TRUE(gateway_->requests.empty());
  }

  /// The request is answered and the one behind it, too.
  void expect_answered(const std::string& request, unsigned status) {
    for (const bool byte_by_byte : {false, true}) {
      SCOPED_TRACE(request.substr(0, 200) + (byte_by_byte ? "\n(byte by byte)" : "\n(at once)"));
      auto client = connect();
      if (byte_by_byte)
        client.send_byte_by_byte(request + canary());
      else
        client.send(request + canary());
      EXPECT_EQ(client.read_answer().status, status);
      const auto second = client.read_answer();
      EXPECT_EQ(second.status, 404u);
      EXPECT_NE(second.body.find("model_not_found"), std::string::npos);
    }
  }

  [[nodiscard]] std::string chat_with(const std::string& fields, const std::string& body) const {
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: " + host()
           + "\r\nContent-Type: application/json\r\n" + fields + "\r\n" + body;
  }
};

TEST_F(server_framing, refuses_lengths_with_two_readings) {
  for (const auto* fields :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n", "Content-Length: 0x5\r\n",
        "Content-Length: -1\r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length:\r\n",
        "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n"})
    expect_refused(chat_with(fields, "0\r\n\r\n"), 400);
}

TEST_F(server_framing, refuses_encodings_it_does_not_know) {
  for (const auto* fields :
       {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"})
    expect_refused(chat_with(fields, "0\r\n\r\n"), 501);
  expect_refused("POST / HTTP/1.0\r\nHost: " + host() + "\r\nTransfer-Encoding: chunked\r\n\r\n",
                 400);
}

TEST_F(server_framing, refuses_malformed_heads) {
  const auto host_line = "Host: " + host() + "\r\n";
  for (const auto& head :
       {"GET / HTTP/1.1\r\n" + host_line + "X: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\n" + host_line + host_line + "\r\n",
        std::string{"GET / HTTP/1.1\r\n\r\n"},
        "GET http://" + host() + "/health HTTP/1.1\r\n" + host_line + "\r\n",
        "GET /caf\xc3\xa9 HTTP/1.1\r\n" + host_line + "\r\n",
        "GET /health HTTP/1.1\r\n" + host_line + "Content-Length: 4\r\n\r\nbody",
        "GET / HTTP/1.1\n" + host_line + "\n", "GET / HTTP/1.1\r\n" + host_line + "X : a\r\n\r\n",
        "GET / HTTP/1.1\r\n" + host_line + "X: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\n" + host_line + std::string("X: a\0b\r\n\r\n", 10),
        std::string{"GET /health\r\n\r\n"}, "\r\nGET / HTTP/1.1\r\n" + host_line + "\r\n"})
    expect_refused(head, 400);
  expect_refused("GET / HTTP/1.2\r\n" + host_line + "\r\n", 505);
  expect_refused("GET / HTTP/2.0\r\n" + host_line + "\r\n", 505);
  expect_refused("get /health HTTP/1.1\r\n" + host_line + "\r\n", 501);
  expect_refused("GET / HTTP/1.1\r\n" + host_line + "Expect: more\r\n\r\n", 417);
}

TEST_F(server_framing, tells_http_2_that_it_wants_1_1) {
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::string settings{"\0\0\0\x4\0\0\0\0\0", 9};
  const std::string goaway{"\0\0\x8\x7\0\0\0\0\0\0\0\0\0\0\0\0\xd", 17};
  for (const bool slowly : {false, true}) {
    auto client = connect();
    if (slowly)
      client.send_byte_by_byte(preface + settings + canary());
    else
      client.send(preface + settings + canary());
    EXPECT_EQ(client.read_to_end(), settings + goaway);
  }
  auto later = connect(); // this connection speaks HTTP/1.1 already
  later.send(get("/health") + preface + canary());
  EXPECT_EQ(later.read_answer().status, 200u);
  EXPECT_EQ(later.read_answer().status, 505u);
  EXPECT_EQ(later.read_to_end(), "");
}

TEST_F(server_framing, refuses_malformed_chunks) {
  for (const auto* body :
       {"0x5\r\nhello\r\n0\r\n\r\n", "5;a=\nb\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n", "zz\r\nhello\r\n0\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n", "0\r\nTransfer-Encoding: chunked\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"})
    expect_refused(chat_with("Transfer-Encoding: chunked\r\n", body), 400);
}

TEST_F(server_framing, reads_chunked_bodies_and_drops_their_trailers) {
  gateway_->play({domain::text_delta{"hello"}, domain::turn_finished{}});
  const auto body = chat(false);
  std::string chunks;
  for (const char byte : body)
    chunks += std::string{"1;ext=\"v\"\r\n"} + byte + "\r\n";
  expect_answered(chat_with("Transfer-Encoding: chunked\r\n",
                            chunks + "0\r\nHost: attacker.test\r\nConnection: close\r\n\r\n"),
                  200);
  expect_answered(chat_with("Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400); // no JSON
}

TEST_F(server_framing, answers_requests_sent_ahead_in_order) {
  auto client = connect();
  client.send(get("/v1/models", "X-Request-Id: one\r\n") + get("/health", "X-Request-Id: two\r\n")
              + get("/stats", "X-Request-Id: three\r\n"));
  for (const auto* id : {"one", "two", "three"}) {
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.field("x-request-id"), id);
  }
}

TEST_F(server_framing, does_not_start_a_turn_that_was_sent_ahead_before_its_time) {
  auto client = connect();
  client.send(post(chat(false)) + post(chat(false)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  auto other = connect(); // a full round trip later there is still one
  other.send(get("/health"));
  EXPECT_EQ(other.read_answer().status, 200u);
  EXPECT_EQ(gateway_->requests.size(), 1u);
  gateway_->send(1, {domain::turn_finished{}});
  EXPECT_EQ(client.read_answer().status, 200u);
  ASSERT_TRUE(gateway_->wait_for_turns(2));
  gateway_->send(2, {domain::turn_finished{}});
  EXPECT_EQ(client.read_answer().status, 200u);
}

TEST_F(server_framing, invites_a_body_only_after_the_head_has_passed) {
  gateway_->play({domain::text_delta{"hello"}, domain::turn_finished{}});
  const auto body = chat(false);
  const auto length = "Content-Length: " + std::to_string(body.size()) + "\r\n";
  auto client = connect();
  client.send(chat_with(length + "Expect: 100-continue\r\n", ""));
  EXPECT_EQ(client.read_answer().status, 100u);
  client.send(body);
  EXPECT_EQ(client.read_answer().status, 200u);

  auto hostile = connect();
  hostile.send(chat_with(length + "Expect: 100-continue\r\nOrigin: http://attacker.test\r\n", ""));
  EXPECT_EQ(hostile.read_answer().status, 403u);
  EXPECT_EQ(hostile.read_to_end(), "");
}

TEST_F(server_framing, keeps_web_pages_and_rebound_names_out) {
  const auto length = "Content-Length: " + std::to_string(chat(false).size()) + "\r\n";
  const auto json = "Content-Type: application/json\r\n" + length;
  const auto here = "Host: " + host() + "\r\n";
  const auto rebound = std::string{"Host: attacker.test\r\nOrigin: http://attacker.test\r\n"};
  const struct {
    std::string fields;
    unsigned status;
  } rows[] = {{here + json + "Origin: http://attacker.test\r\n", 403},
              {here + json + "Origin: null\r\n", 403},
              {here + json + "Origin: http://" + host() + "\r\n", 403},
              {here + json + "Sec-Fetch-Site: cross-site\r\n", 403},
              {here + "Content-Type: text/plain\r\n" + length, 415},
              {here + length, 415},
              {here + json + "Content-Encoding: br\r\n", 415},
              {rebound + json, 421},
              {"Host: 0.0.0.0:" + std::to_string(port_) + "\r\n" + json, 421},
              {"Host: localhost\r\n" + json, 421}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.fields);
    auto client = connect();
    client.send("POST /v1/chat/completions HTTP/1.1\r\n" + row.fields + "\r\n" + chat(false)
                + canary());
    EXPECT_EQ(client.read_answer().status, row.status);
    EXPECT_EQ(client.read_to_end(), "");
  }
  EXPECT_TRUE(gateway_->requests.empty());
}

} // namespace
} // namespace ccapi::http::test
