#pragma once
// Sockets that accept: opens those that the configuration asks for.

#include "config/settings.hpp"
#include "domain/result.hpp"
#include "http/wire/stream.hpp"
#include "http/wire/unix_socket.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::http {

struct listening_socket {
  using acceptor_type =
    asio::basic_socket_acceptor<asio::generic::stream_protocol, stream::executor>;
  using timer_type =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, stream::executor>;

  explicit listening_socket(asio::io_context& loop)
    : acceptor{loop.get_executor()},
      pause{loop.get_executor()} {}

  /// Also gives the path of a Unix socket free.
  void close() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    pause.cancel();
    file.reset();
  }

  acceptor_type acceptor;
  timer_type pause;                     ///< when nothing can be accepted for a while
  std::optional<unix_socket_file> file; ///< of a Unix socket
};

struct tcp_listeners {
  std::vector<listening_socket> sockets;
  std::vector<std::string> addresses; ///< "127.0.0.1:8080"
  std::uint16_t port = 0;             ///< the one that was chosen for 0
};

/// Resolves server.host and listens on all its addresses. Blocks.
/// Fails with: invalid_request (an unknown host, one that is not what it seems), internal (port
/// taken, no permission).
domain::result<tcp_listeners> listen_on_tcp(asio::io_context& loop,
                                            const config::settings& settings);

/// Fails as unix_socket_file::listen does.
domain::result<listening_socket> listen_on_unix_socket(asio::io_context& loop,
                                                       const std::string& path);

struct peer {
  std::string address;   ///< "192.0.2.7"; "unix" for a Unix socket
  bool is_local = false; ///< of this machine: exempt from the limit per address
};
/// Nothing if the peer is gone already.
std::optional<peer> peer_of(const stream::socket_type& socket);

} // namespace ccapi::http
