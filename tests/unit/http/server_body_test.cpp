#include "server_fixture.hpp"

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

// Encoded bodies over a real socket.

namespace ccapi::http::test {
namespace {

class server_body : public server_fixture {
protected:
  static std::string gzipped(std::string_view text) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<const Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }
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
  EXPECT_EQ(ask(zstd(gzipped(chat(false))), "x-gzip, zstd").status, 200u);
  EXPECT_EQ(gateway_->requests.size(), 3u);
  for (const auto& request : gateway_->requests)
    EXPECT_EQ(request.messages.back().text, "hi");
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
  for (const auto* encoding : {"br", "gzip, br", "gzip, gzip, gzip, gzip, gzip", "*"}) {
    const auto answer = ask("x", encoding);
    EXPECT_EQ(answer.status, 415u) << encoding;
    EXPECT_NE(answer.body.find("unsupported_content_encoding"), std::string::npos);
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
  const auto answer = ask(gzipped(gzipped(std::string(20 << 20, ' '))), "gzip, gzip");
  EXPECT_EQ(answer.status, 413u);
  auto fits = chat(false);
  fits.insert(1, std::string(limits_.body_bytes_max - fits.size(), ' '));
  gateway_->play({domain::turn_finished{}});
  EXPECT_EQ(ask(zstd(fits), "zstd").status, 200u);
  fits.insert(1, " ");
  EXPECT_EQ(ask(zstd(fits), "zstd").status, 413u);
}

} // namespace
} // namespace ccapi::http::test
