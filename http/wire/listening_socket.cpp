#include "http/wire/listening_socket.hpp"

#include "http/access/start_policy.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstring>
#include <utility>

namespace ccapi::http {

namespace {

using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

/// `address`: "127.0.0.1:8080".
domain::error bind_error(const std::string& address, const error_code& ec) {
  const auto port = address.substr(address.rfind(':') + 1);
  std::string message = "Can't listen on " + address;
  if (ec == asio::error::address_in_use)
    message += ": another program has port " + port
               + ", perhaps a gateway that still runs. See which one with `ss -ltnp 'sport = :"
               + port + "'` and stop it, or start this one with --port and another number.";
  else if (ec == asio::error::access_denied)
    message +=
      ": port " + port + " is for privileged users. Start with --port and a number above 1023.";
  else
    message += ": " + ec.message() + ". Correct server.host or server.port.";
  return {
    .code = domain::error_code::internal, .message = std::move(message), .retry_useful = false};
}

std::string text_of(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? '[' + address + ']' : address) + ':'
         + std::to_string(endpoint.port());
}

/// `general` must be of an IP socket.
tcp::endpoint tcp_endpoint(const asio::generic::stream_protocol::endpoint& general) {
  tcp::endpoint found;
  found.resize(general.size());
  std::memcpy(found.data(), general.data(), general.size());
  return found;
}

domain::result<std::vector<tcp::endpoint>> addresses_of(asio::io_context& loop,
                                                        const config::settings& settings) {
  auto host = settings.server.host;
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  tcp::resolver resolver{loop};
  error_code ec;
  const auto found = resolver.resolve(host, std::to_string(settings.server.port),
                                      tcp::resolver::passive | tcp::resolver::numeric_service, ec);
  std::vector<tcp::endpoint> endpoints;
  if (!ec)
    for (const auto& entry : found)
      endpoints.push_back(entry.endpoint());
  if (endpoints.empty())
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "server.host \"" + settings.server.host
                                    + "\" has no address: " + ec.message() + ".",
                         .param = "server.host",
                         .retry_useful = false};
  for (const auto& endpoint : endpoints) { // a name may only look local
    auto real = settings;
    real.server.host = endpoint.address().to_string();
    if (auto allowed = check_start(real); !allowed)
      return std::move(allowed).error();
  }
  return endpoints;
}

error_code open_at(listening_socket::acceptor_type& acceptor, const tcp::endpoint& endpoint) {
  error_code ec;
  acceptor.open(endpoint.protocol(), ec);
  if (!ec)
    acceptor.set_option(asio::socket_base::reuse_address{true}, ec);
  if (!ec && endpoint.address().is_v6() && !endpoint.address().is_unspecified())
    acceptor.set_option(asio::ip::v6_only{true}, ec);
  if (!ec)
    acceptor.bind(endpoint, ec);
  if (!ec)
    acceptor.listen(asio::socket_base::max_listen_connections, ec);
  return ec;
}

} // namespace

domain::result<tcp_listeners> listen_on_tcp(asio::io_context& loop,
                                            const config::settings& settings) {
  auto endpoints = addresses_of(loop, settings);
  if (!endpoints)
    return std::move(endpoints).error();
  tcp_listeners made;
  made.port = settings.server.port;
  error_code unavailable;
  for (auto endpoint : *endpoints) {
    endpoint.port(made.port);
    listening_socket socket{loop};
    const auto ec = open_at(socket.acceptor, endpoint);
    const bool family_missing = ec == asio::error::address_family_not_supported
                                || ec == boost::system::errc::address_not_available;
    if (family_missing) {
      unavailable = ec; // e.g. "localhost" where the host has no IPv6
      continue;
    }
    if (ec)
      return bind_error(text_of(endpoint), ec);
    const auto bound = tcp_endpoint(socket.acceptor.local_endpoint());
    made.port = bound.port();
    made.addresses.push_back(text_of(bound));
    made.sockets.push_back(std::move(socket));
  }
  if (made.sockets.empty())
    return bind_error(text_of(endpoints->front()), unavailable);
  return made;
}

domain::result<listening_socket> listen_on_unix_socket(asio::io_context& loop,
                                                       const std::string& path) {
  listening_socket made{loop};
  error_code ec;
  made.acceptor.open(asio::local::stream_protocol{}, ec);
  if (ec)
    return domain::error{.code = domain::error_code::internal,
                         .message = "Can't open a Unix socket: " + ec.message() + ".",
                         .retry_useful = false};
  auto file = unix_socket_file::listen(made.acceptor.native_handle(), path);
  if (!file)
    return std::move(file).error();
  made.file.emplace(*std::move(file));
  return made;
}

std::optional<peer> peer_of(const stream::socket_type& socket) {
  error_code ec;
  const auto endpoint = socket.remote_endpoint(ec);
  if (ec)
    return std::nullopt;
  if (endpoint.protocol().family() != AF_INET && endpoint.protocol().family() != AF_INET6)
    return peer{.address = "unix", .is_local = true};
  const auto address = tcp_endpoint(endpoint).address();
  return peer{.address = address.to_string(), .is_local = address.is_loopback()};
}

} // namespace ccapi::http
