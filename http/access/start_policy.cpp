#include "http/access/start_policy.hpp"

#include "http/wire/ascii.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace ccapi::http {

namespace {

std::string without_brackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  return std::string{host};
}

domain::error refusal(std::string key, std::string text) {
  return {.code = domain::error_code::invalid_request,
          .message = std::move(text),
          .param = std::move(key),
          .retry_useful = false};
}

bool accepts_any_host(const config::server_settings& server) {
  return std::find(server.allowed_hosts.begin(), server.allowed_hosts.end(), "*")
         != server.allowed_hosts.end();
}

/// Settings that make sense only where everybody shows a key.
domain::result<void> check_needs_of_keys(const config::settings& given) {
  if (given.auth.enabled)
    return refusal("auth.enabled",
                   "Refusing to start: auth.enabled = true, but there are no API keys. Add an "
                   "[[auth.keys]] table (claude-code-api --new-key NAME prints one), set "
                   "CLAUDE_CODE__AUTH__API_KEYS, or take auth.enabled out.");
  if (accepts_any_host(given.server))
    return refusal("server.allowed_hosts",
                   "server.allowed_hosts must not hold \"*\" without API keys: the check of the "
                   "Host header is what keeps web pages (DNS rebinding) from using your account. "
                   "List the names under which clients reach this gateway, or add keys.");
  if (given.cors.allow_any)
    return refusal("cors.allow_any",
                   "cors.allow_any needs API keys: without them every web page that you visit "
                   "could use your Claude account. List your pages in cors.allowed_origins, or "
                   "add keys.");
  return {};
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

domain::result<void> check_start(const config::settings& given) {
  if (!given.server.tcp && given.server.unix_socket.empty())
    return refusal("server.tcp", "There is nothing to listen on: server.tcp is off and "
                                 "server.unix_socket is not set.");
  if (!given.auth.accepted.empty())
    return {};
  if (auto allowed = check_needs_of_keys(given); !allowed)
    return allowed;
  const auto& server = given.server;
  const bool loopback = !server.tcp || is_loopback_name(server.host);
  const bool all_permissions = given.file_access.skip_permissions;
  if (!loopback && all_permissions)
    return refusal("file_access.skip_permissions",
                   "Refusing to listen on " + server.host
                     + " with file_access.skip_permissions = true and no API keys: that would be "
                       "a shell on this machine for the whole network. Add API keys "
                       "([[auth.keys]]), or set server.host to 127.0.0.1, or take "
                       "skip_permissions out.");
  if (server.allow_insecure_no_auth)
    return {};
  if (!loopback)
    return refusal("server.host",
                   "Refusing to listen on " + server.host
                     + ": there are no API keys, so everybody who reaches that address could use "
                       "your Claude account. Either add API keys (claude-code-api --new-key NAME "
                       "prints one with its configuration), or set server.host to 127.0.0.1 (the "
                       "default), or accept the risk on a network you trust with "
                       "server.allow_insecure_no_auth = true.");
  if (all_permissions)
    return refusal("file_access.skip_permissions",
                   "Refusing to start with file_access.skip_permissions = true and no API keys: "
                   "every program on this machine could have the CLI run commands as you. Either "
                   "take skip_permissions out, or add API keys ([[auth.keys]]), or accept the risk "
                   "with server.allow_insecure_no_auth = true.");
  return {};
}

std::vector<std::string> start_warnings(const config::settings& given) {
  std::vector<std::string> warnings;
  const bool loopback = !given.server.tcp || is_loopback_name(given.server.host);
  const bool keys = !given.auth.accepted.empty();
  if (!loopback && !keys)
    warnings.push_back("Anybody who reaches " + given.server.host
                       + " can use your Claude account (server.allow_insecure_no_auth).");
  if (!loopback && keys && given.tls.certificate_file.empty())
    warnings.push_back("API keys and conversations cross the network in the clear: there is no "
                       "TLS on "
                       + given.server.host + ".");
  if (keys && accepts_any_host(given.server))
    warnings.push_back("server.allowed_hosts holds \"*\": requests under any host name are "
                       "answered.");
  if (keys && given.cors.allow_any)
    warnings.push_back("cors.allow_any is on: every web page may ask, with a key.");
  return warnings;
}

} // namespace ccapi::http
