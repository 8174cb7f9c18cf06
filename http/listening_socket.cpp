#include "http/listening_socket.hpp"

#include "http/bind_policy.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstring>
#include <utility>

namespace ccapi::http {

namespace {

using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

domain::error bind_error(const std::string& address, const error_code& ec) {
  std::string message = "Can't listen on " + address + ": " + ec.message() + ".";
  if (ec == asio::error::address_in_use)
    message += " Another program has that port: stop it, or choose another server.port.";
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
                                                        const config::server_settings& settings) {
  auto host = settings.host;
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  tcp::resolver resolver{loop};
  error_code ec;
  const auto found = resolver.resolve(host, std::to_string(settings.port),
                                      tcp::resolver::passive | tcp::resolver::numeric_service, ec);
  std::vector<tcp::endpoint> endpoints;
  if (!ec)
    for (const auto& entry : found)
      endpoints.push_back(entry.endpoint());
  if (endpoints.empty())
    return domain::error{.code = domain::error_code::invalid_request,
                         .message = "server.host \"" + settings.host
                                    + "\" has no address: " + ec.message() + ".",
                         .param = "server.host",
                         .retry_useful = false};
  if (!settings.allow_insecure_no_auth)
    for (const auto& endpoint : endpoints)
      if (!endpoint.address().is_loopback()) { // a name that only looks local
        config::server_settings real;
        real.host = endpoint.address().to_string();
        return check_bind(real).error();
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
                                            const config::server_settings& settings) {
  auto endpoints = addresses_of(loop, settings);
  if (!endpoints)
    return std::move(endpoints).error();
  tcp_listeners made;
  made.port = settings.port;
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
    return bind_error("a Unix socket", ec);
  auto file = unix_socket_file::listen(made.acceptor.native_handle(), path);
  if (!file)
    return std::move(file).error();
  made.file.emplace(*std::move(file));
  return made;
}

std::optional<std::string> counted_address(const stream::socket_type& socket) {
  error_code ec;
  const auto peer = socket.remote_endpoint(ec);
  if (ec)
    return std::nullopt;
  if (peer.protocol().family() != AF_INET && peer.protocol().family() != AF_INET6)
    return std::string{};
  const auto address = tcp_endpoint(peer).address();
  return address.is_loopback() ? std::string{} : address.to_string();
}

} // namespace ccapi::http
