#include "raw_client.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace ccapi::http::test {

raw_client::raw_client(std::uint16_t port, int receive_buffer)
  : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  if (receive_buffer > 0)
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  set_patience();
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr generic{};
  static_assert(sizeof generic == sizeof address);
  __builtin_memcpy(&generic, &address, sizeof address);
  if (::connect(socket_, &generic, sizeof generic) != 0)
    throw std::runtime_error{"can't connect"};
}

raw_client::raw_client(const std::string& path)
  : socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  set_patience();
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), std::min(path.size(), sizeof name.sun_path - 1));
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    throw std::runtime_error{"can't connect"};
}

void raw_client::set_patience() {
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

void raw_client::tls_deleter::operator()(ssl_st* session) const noexcept {
  SSL_free(session);
}

bool raw_client::start_tls(tls_options options) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free};
  if (!options.strict_end)
    SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_max_proto_version(context.get(), options.version_max);
  if (options.version_max != 0 && options.version_max < TLS1_2_VERSION)
    SSL_CTX_set_security_level(context.get(), 0);
  if (options.ciphers)
    SSL_CTX_set_cipher_list(context.get(), options.ciphers);
  tls_.reset(SSL_new(context.get()));
  if (!options.protocol.empty()) {
    const auto list =
      std::string(1, static_cast<char>(options.protocol.size())) + std::string{options.protocol};
    SSL_set_alpn_protos(tls_.get(), reinterpret_cast<const unsigned char*>(list.data()),
                        static_cast<unsigned>(list.size()));
  }
  SSL_set_fd(tls_.get(), socket_);
  return SSL_connect(tls_.get()) == 1;
}

std::string raw_client::chosen_protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(tls_.get(), &name, &size);
  return size == 0 ? std::string{} : std::string{reinterpret_cast<const char*>(name), size};
}

std::string raw_client::certificate_digest() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(SSL_get0_peer_certificate(tls_.get()), EVP_sha256(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

bool raw_client::got_close_notify() const {
  return (SSL_get_shutdown(tls_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

raw_client::~raw_client() {
  if (socket_ >= 0)
    ::close(socket_);
}

void raw_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = tls_ ? SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()))
                           : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void raw_client::send_byte_by_byte(std::string_view bytes) {
  for (const char byte : bytes)
    send({&byte, 1});
}

void raw_client::finish_sending() {
  if (tls_) {
    SSL_shutdown(tls_.get());
    return;
  }
  ::shutdown(socket_, SHUT_WR);
}

void raw_client::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(socket_);
  socket_ = -1;
}

bool raw_client::fill() {
  std::array<char, 65536> piece; // NOLINT: filled by recv
  const auto count = tls_ ? SSL_read(tls_.get(), piece.data(), static_cast<int>(piece.size()))
                          : ::recv(socket_, piece.data(), piece.size(), 0);
  if (count <= 0)
    return false;
  received_.append(piece.data(), static_cast<std::size_t>(count));
  return true;
}

std::string raw_client::take(std::size_t count) {
  while (received_.size() < count)
    if (!fill())
      break;
  auto taken = received_.substr(0, count);
  received_.erase(0, taken.size());
  return taken;
}

std::string raw_client::take_line() {
  std::size_t end = 0;
  while ((end = received_.find("\r\n")) == std::string::npos)
    if (!fill())
      return {};
  auto line = take(end);
  take(2);
  return line;
}

raw_answer raw_client::read_answer(bool head_only) {
  raw_answer answer;
  const auto status_line = take_line();
  if (status_line.size() < 12)
    return answer;
  answer.head = status_line + "\r\n";
  for (auto line = take_line(); !line.empty(); line = take_line()) {
    answer.head += line + "\r\n";
    const auto colon = line.find(": ");
    if (colon != std::string::npos)
      answer.fields[line.substr(0, colon)] = line.substr(colon + 2);
  }
  answer.status = static_cast<unsigned>(std::stoul(status_line.substr(9, 3)));
  if (head_only || answer.status == 100 || answer.status == 204)
    return answer;
  if (answer.field("transfer-encoding") == "chunked") {
    for (;;) {
      const auto size = std::stoul("0" + take_line(), nullptr, 16);
      answer.body += take(size);
      take_line();
      if (size == 0)
        return answer;
    }
  }
  const auto length = answer.field("content-length");
  answer.body = length.empty() ? read_to_end() : take(std::stoul(length));
  return answer;
}

std::string raw_client::read_to_end() {
  while (fill()) {
  }
  return std::exchange(received_, {});
}

std::string raw_client::read_some() {
  if (received_.empty())
    fill();
  return std::exchange(received_, {});
}

bool raw_client::ends() {
  if (!received_.empty() || !readable_within(10'000))
    return false;
  return !fill();
}

bool raw_client::readable_within(int milliseconds) {
  if (tls_ && SSL_pending(tls_.get()) > 0)
    return true;
  pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, milliseconds) > 0;
}

} // namespace ccapi::http::test
