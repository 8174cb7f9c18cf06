#include "http/bind_policy.hpp"

#include "http/ascii.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace ccapi::http {

namespace {

std::string without_brackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  return std::string{host};
}

} // namespace

bool is_loopback_name(std::string_view host) noexcept {
  if (ascii::equals_lower(host, "localhost"))
    return true;
  const auto address = without_brackets(host);
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1)
    return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_wildcard_name(std::string_view host) noexcept {
  const auto address = without_brackets(host);
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1)
    return v4.s_addr == 0;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_UNSPECIFIED(&v6);
}

domain::result<void> check_bind(const config::server_settings& server) {
  const auto any_host = std::find(server.allowed_hosts.begin(), server.allowed_hosts.end(), "*");
  if (any_host != server.allowed_hosts.end())
    return domain::error{
      .code = domain::error_code::invalid_request,
      .message = "server.allowed_hosts must not hold \"*\": the check of the Host header is what "
                 "keeps web pages (DNS rebinding) from using your account. List the names under "
                 "which clients reach this gateway.",
      .param = "server.allowed_hosts",
      .retry_useful = false};
  if (!server.tcp && server.unix_socket.empty())
    return domain::error{
      .code = domain::error_code::invalid_request,
      .message = "There is nothing to listen on: server.tcp is off and server.unix_socket is not "
                 "set.",
      .param = "server.tcp",
      .retry_useful = false};
  if (!server.tcp || is_loopback_name(server.host) || server.allow_insecure_no_auth)
    return {};
  return domain::error{
    .code = domain::error_code::invalid_request,
    .message = "Refusing to listen on " + server.host
               + ": there are no API keys, so everybody who reaches that address could use your "
                 "Claude account. Either set server.host to 127.0.0.1 (the default), or keep it "
                 "there and let an SSH tunnel or a reverse proxy with authentication do the rest, "
                 "or accept the risk on a network you trust with "
                 "server.allow_insecure_no_auth = true.",
    .param = "server.host",
    .retry_useful = false};
}

} // namespace ccapi::http
