#include "gzipped.hpp"
#include "server_fixture.hpp"

#include <thread>
#include <zstd.h>

// Encoded and large bodies over a real socket.

namespace ccapi::http::test {
namespace {

class server_body : public server_fixture {
protected:
  static std::string zstd(std::string_view text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
  }
  raw_answer ask(std::string_view body, const std::string& encoding) {
    auto client = connect();
    client.send(post(body, "Content-Encoding: " + encoding + "\r\n"));
    return client.read_answer();
  }
};

TEST_F(server_body, may_be_encoded) {
  serve();
  gateway_->play({domain::turn_finished{}});
  EXPECT_EQ(ask(chat(false), "identity").status, 200u);
  EXPECT_EQ(ask(gzipped(chat(false)), "gzip").status, 200u);
  EXPECT_EQ(ask(zstd(chat(false)), "zstd").status, 200u);
  EXPECT_EQ(gateway_->requests.size(), 3u);
  for (const auto& request : gateway_->requests)
    EXPECT_EQ(domain::plain_text(request.messages.back()), "hi");
}

TEST_F(server_body, encoded_may_be_chunked_and_the_connection_goes_on) {
  serve();
  gateway_->play({domain::turn_finished{}});
  auto client = connect();
  const auto body = gzipped(chat(false));
  std::string request = "POST /v1/chat/completions HTTP/1.1\r\nHost: " + host()
                        + "\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n";
  for (const char byte : body)
    request += "1\r\n" + std::string(1, byte) + "\r\n";
  request += "0\r\n\r\n";
  client.send(request + request + post(chat(false)) + get("/health"));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(client.read_answer().status, 200u);
  EXPECT_EQ(client.read_answer().body, "OK");
}

TEST_F(server_body, in_an_unknown_coding_is_refused_unread) {
  serve();
  for (const auto* encoding : {"br", "gzip, br", "gzip, gzip", "identity, gzip", "*"}) {
    const auto answer = ask("x", encoding);
    EXPECT_EQ(answer.status, 415u) << encoding;
    EXPECT_NE(answer.body.find("unsupported_content_encoding"), std::string::npos);
    EXPECT_NE(answer.body.find("encoded once"), std::string::npos);
  }
  auto twice = connect();
  twice.send(post("x", "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"));
  EXPECT_EQ(twice.read_answer().status, 415u);
}

TEST_F(server_body, that_can_not_be_decoded_is_refused) {
  serve();
  const auto good = gzipped(chat(false));
  for (const auto& bad : {chat(false), good.substr(0, good.size() - 1), good + "x"}) {
    const auto answer = ask(bad, "gzip");
    EXPECT_EQ(answer.status, 400u);
    EXPECT_NE(answer.body.find("invalid_content_encoding"), std::string::npos);
    EXPECT_EQ(answer.field("connection"), "close");
  }
  EXPECT_TRUE(gateway_->requests.empty());
}

TEST_F(server_body, that_is_not_there_needs_no_decoding) {
  serve();
  for (const auto* encoding : {"gzip", "br", "", "gzip, gzip, gzip, gzip, gzip"})
    EXPECT_EQ(ask("", encoding).status, 400u) << encoding; // for want of a JSON document
}

TEST_F(server_body, bomb_is_refused_at_the_limit) {
  limits_.body_bytes_max = 1 << 20;
  serve();
  const auto answer = ask(gzipped(std::string(20 << 20, ' ')), "gzip");
  EXPECT_EQ(answer.status, 413u);
  auto fits = chat(false);
  fits.insert(1, std::string(limits_.body_bytes_max - fits.size(), ' '));
  gateway_->play({domain::turn_finished{}});
  EXPECT_EQ(ask(zstd(fits), "zstd").status, 200u);
  fits.insert(1, " ");
  EXPECT_EQ(ask(zstd(fits), "zstd").status, 413u);
}

TEST_F(server_body, bomb_is_refused_for_its_growth) {
  serve();
  const auto answer = ask(zstd(std::string(20 << 20, ' ')), "zstd");
  EXPECT_EQ(answer.status, 413u);
  EXPECT_NE(answer.body.find("limits.body_expansion_max"), std::string::npos);
}

TEST_F(server_body, waits_for_its_decoding_no_longer_than_for_its_bytes) {
  limits_.body_bytes_max = 96 << 20;
  limits_.body_expansion_max = 100'000;
  limits_.body_idle_timeout = std::chrono::milliseconds{10};
  serve();
  gateway_->play({domain::turn_finished{}});
  const auto bomb = gzipped(std::string(90 << 20, ' ')); // some hundred milliseconds' work
  const auto request = post(bomb, "Content-Encoding: gzip\r\n");
  std::vector<std::unique_ptr<raw_client>> busy;
  raw_answer late;
  for (int round = 0; round < 10 && late.status != 503; ++round) { // it may be faster than they
    busy.clear();
    for (int i = 0; i < 3; ++i) {
      busy.push_back(std::make_unique<raw_client>(port_));
      busy.back()->send(request);
    }
    late = ask(gzipped(chat(false)), "gzip");
  }
  EXPECT_EQ(late.status, 503u);
  EXPECT_NE(late.body.find("wait to be decoded"), std::string::npos);
  EXPECT_EQ(late.field("retry-after"), "1");
  auto plain = connect();
  plain.send(get("/livez"));
  EXPECT_EQ(plain.read_answer().status, 200u) << "others go on between the slices";
  busy.clear();
  EXPECT_EQ(ask(gzipped(chat(false)), "gzip").status, 200u);
}

class server_large_body : public server_body {
protected:
  static constexpr std::size_t mib = std::size_t{1} << 20;

  server_large_body() { limits_.bodies_bytes_max = 4 * mib; }

  static std::string chat_of_size(std::size_t size) {
    auto body = chat(false);
    return body.insert(1, std::string(size - body.size(), ' '));
  }
  /// 100 if a body of this length would be let in now.
  unsigned asked_for(std::size_t length) {
    auto client = connect();
    client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: " + host()
                + "\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                  "Content-Length: "
                + std::to_string(length) + "\r\n\r\n");
    const auto answer = client.read_answer();
    if (answer.status == 503) {
      EXPECT_EQ(answer.field("retry-after"), "1");
      EXPECT_NE(answer.body.find("limits.bodies_bytes_max"), std::string::npos);
    }
    return answer.status;
  }
  bool comes_to(unsigned status, std::size_t length) {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (asked_for(length) != status)
      if (std::chrono::steady_clock::now() > patience)
        return false;
    return true;
  }
};

TEST_F(server_large_body, is_refused_while_others_hold_the_memory) {
  serve();
  gateway_->play({domain::turn_finished{}});
  const auto request = post(chat_of_size(3 * mib));
  auto unfinished = connect();
  unfinished.send(request.substr(0, request.size() - 1));
  ASSERT_TRUE(comes_to(503, 2 * mib));
  EXPECT_EQ(asked_for(mib / 2), 100u) << "there is room for that";
  auto small = connect();
  small.send(post(chat(false)));
  EXPECT_EQ(small.read_answer().status, 200u);

  auto chunked = connect(); // nobody knows its size before
  chunked.send("POST /v1/chat/completions HTTP/1.1\r\nHost: " + host()
               + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 32; ++i)
    chunked.send("10000\r\n" + std::string(0x10000, ' ') + "\r\n");
  EXPECT_EQ(chunked.read_answer().status, 503u);

  auto blown_up = connect();
  blown_up.send(post(gzipped(chat_of_size(2 * mib)), "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(blown_up.read_answer().status, 503u);

  unfinished.send(request.substr(request.size() - 1));
  EXPECT_EQ(unfinished.read_answer().status, 200u);
  EXPECT_TRUE(comes_to(100, 3 * mib));
}

TEST_F(server_large_body, holds_its_memory_until_the_answer_begins) {
  serve();
  auto working = connect();
  working.send(post(chat_of_size(3 * mib)));
  ASSERT_TRUE(gateway_->wait_for_turns(1));
  EXPECT_EQ(asked_for(2 * mib), 503u);
  gateway_->send(1, {domain::turn_finished{}});
  EXPECT_EQ(working.read_answer().status, 200u);
  EXPECT_EQ(asked_for(2 * mib), 100u);
}

TEST_F(server_large_body, gives_its_memory_back_when_its_client_goes) {
  serve();
  {
    auto unfinished = connect();
    unfinished.send(post(chat_of_size(3 * mib)).substr(0, 3 * mib));
    ASSERT_TRUE(comes_to(503, 2 * mib));
  }
  EXPECT_TRUE(comes_to(100, 3 * mib));
}

TEST_F(server_large_body, is_too_large_where_it_could_never_fit) {
  serve();
  EXPECT_EQ(asked_for(5 * mib), 413u);
}

TEST_F(server_large_body, counts_the_framing_of_its_chunks) {
  limits_.body_bytes_max = mib;
  serve();
  gateway_->play({domain::turn_finished{}});
  const auto head = "POST /v1/chat/completions HTTP/1.1\r\nHost: " + host()
                    + "\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  auto padded = connect();
  padded.send(head);
  for (int i = 0; i < 500 && !padded.readable_within(0); ++i)
    padded.send("1;x=" + std::string(4096, 'y') + "\r\n \r\n");
  EXPECT_EQ(padded.read_answer().status, 413u);

  auto full = connect(); // usual chunks, and all of the allowed size
  full.send(head);
  const auto body = chat_of_size(mib);
  for (std::size_t at = 0; at < body.size(); at += 0x1000)
    full.send("1000;from=here\r\n" + body.substr(at, 0x1000) + "\r\n");
  full.send("0\r\n\r\n");
  EXPECT_EQ(full.read_answer().status, 200u);
}

TEST_F(server_large_body, that_is_refused_unread_does_not_keep_the_status_from_its_client) {
  limits_.body_bytes_max = 16 * mib;
  limits_.bodies_bytes_max = 64 * mib;
  serve();
  for (const auto& [path, size, status] : {std::tuple{"/v1/nothing", 8 * mib, 404u},
                                           std::tuple{"/v1/chat/completions", 20 * mib, 413u}}) {
    auto client = connect();
    client.send("POST " + std::string{path} + " HTTP/1.1\r\nHost: " + host()
                + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(size)
                + "\r\n\r\n");
    // All of it, as libraries do that look for the answer afterwards.
    for (std::size_t sent = 0; sent < size; sent += mib)
      client.send(std::string(mib, ' '));
    const auto answer = client.read_answer();
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.field("connection"), "close");
    EXPECT_TRUE(client.ends());
  }
}

} // namespace
} // namespace ccapi::http::test
