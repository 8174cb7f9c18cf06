#pragma once
// Masks what a foreign text must not tell: secrets, and where this machine and its network are.
// Internal to this room.

#include <string>
#include <string_view>

namespace ccapi::claude {

/// `text` on one line, without keys and tokens. For the log.
std::string without_secrets(std::string_view text);

/// The same, and without mail addresses, files of this machine, and addresses that are not public
/// (URLs that are not https, IP addresses, host:port, names such as gw.internal). Public https
/// links, times, paths of an API and fractions stay. For clients.
std::string fit_for_clients(std::string_view text);

} // namespace ccapi::claude
