#include "load_client.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {

namespace {

constexpr std::size_t read_bytes = 64 << 10;

/// Field names as both servers may write them.
std::string lowered(std::string_view text) {
  std::string low{text};
  for (auto& c : low)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c + ('a' - 'A'));
  return low;
}

} // namespace

load_client::load_client(std::uint16_t port)
  : port_{port} {}

load_client::~load_client() {
  if (socket_ >= 0)
    close(socket_);
}

void load_client::connect() {
  if (socket_ >= 0)
    close(socket_);
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("can't connect");
  server_closes_ = false;
}

void load_client::ask(scenario what, std::string_view conversation, std::uint64_t number) {
  if (server_closes_)
    connect();
  what_ = what;
  mark_ = what == scenario::cached ? "cached" : 'q' + std::to_string(number);
  received_.clear();
  head_bytes_ = 0;
  first_text_ = {};
  send_request(conversation);
}

void load_client::send_request(std::string_view conversation) {
  const auto host = "Host: 127.0.0.1:" + std::to_string(port_) + "\r\n";
  if (!is_chat(what_) && what_ != scenario::cached) {
    request_ = what_ == scenario::refused ? "GET /v1/models" : "GET /health";
    request_ += " HTTP/1.1\r\n" + host;
    if (what_ == scenario::keyed)
      request_ += "Authorization: Bearer the-key-of-the-benchmark\r\n";
    request_ += "\r\n";
  } else {
    std::string body = R"({"model":"sonnet",)";
    if (what_ == scenario::cached)
      body += R"("temperature":0,)";
    else
      body.append(R"("conversation_id":")").append(conversation).append(R"(",)");
    if (what_ > scenario::turn)
      body += R"("stream":true,)";
    body += R"("messages":[{"role":"user","content":"Say the words that go with [[mark:)" + mark_;
    body += what_ == scenario::paced ? "]] [[delay:1]] in order.\"}]}" : "]] in order.\"}]}";
    request_ = "POST /v1/chat/completions HTTP/1.1\r\n" + host
               + "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size())
               + "\r\n\r\n" + body;
  }
  asked_ = clock::now();
  const auto sent = send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request_.size()))
    fail("request not taken");
}

bool load_client::on_readable() {
  const auto held = received_.size();
  received_.resize(held + read_bytes);
  const auto count = recv(socket_, received_.data() + held, read_bytes, MSG_DONTWAIT);
  const bool nothing = count < 0 && (errno == EAGAIN || errno == EINTR);
  received_.resize(held + (count > 0 ? static_cast<std::size_t>(count) : 0));
  if (nothing)
    return false;
  if (count <= 0)
    fail("connection closed inside an answer");
  if (!complete())
    return false;
  ended_ = clock::now();
  if (first_text_ == clock::time_point{})
    first_text_ = ended_;
  check();
  return true;
}

bool load_client::complete() {
  if (head_bytes_ == 0)
    read_head();
  if (head_bytes_ == 0)
    return false;
  if (!chunked_)
    return received_.size() >= head_bytes_ + body_bytes_;
  if (first_text_ == clock::time_point{}
      && received_.find(R"("content":")" + mark_) != std::string::npos)
    first_text_ = clock::now();
  // JSON holds no raw line ends, so this can only be the last chunk.
  return received_.ends_with("\r\n0\r\n\r\n");
}

void load_client::read_head() {
  const auto end = received_.find("\r\n\r\n");
  if (end == std::string::npos)
    return;
  const auto head = lowered(std::string_view{received_}.substr(0, end + 2));
  head_bytes_ = end + 4;
  server_closes_ = head.find("\r\nconnection: close\r\n") != std::string::npos;
  chunked_ = head.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos;
  body_bytes_ = 0;
  constexpr std::string_view length = "\r\ncontent-length: ";
  if (const auto at = head.find(length); at != std::string::npos)
    std::from_chars(head.data() + at + length.size(), head.data() + head.size(), body_bytes_);
}

void load_client::check() const {
  const std::string_view all{received_};
  if (!all.starts_with(what_ == scenario::refused ? "HTTP/1.1 401" : "HTTP/1.1 200"))
    fail("status is not the expected one");
  if (what_ == scenario::refused)
    return;
  const auto body = all.substr(head_bytes_);
  if (what_ < scenario::cached) {
    if (body != "OK")
      fail("health is not OK");
    return;
  }
  std::size_t at = 0;
  const bool streamed = what_ > scenario::turn;
  if (!streamed && (at = body.find(R"("content":")" + mark_)) == std::string::npos)
    fail("another question's answer");
  for (int i = 0; i < deltas_per_answer; ++i) {
    const auto word = mark_ + '-' + std::to_string(i) + ' ';
    at = body.find(streamed ? R"("content":")" + word + '"' : word, at);
    if (at == std::string_view::npos)
      fail("a word is missing or out of order");
    at += word.size();
  }
  if (streamed && body.find("data: [DONE]", at) == std::string_view::npos)
    fail("a stream without its end");
}

void load_client::fail(std::string_view why) const {
  throw std::runtime_error{std::string{why} + "; request " + mark_
                           + "; received: " + received_.substr(0, 600)};
}

} // namespace bench
