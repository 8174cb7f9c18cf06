#pragma once
// source: where a picture lies that a request only names, and who may have it loaded from there.
// Pure; any thread.

#include "domain/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ccapi::media {

/// On the web.
struct web_source {
  std::string url;  ///< as libcurl writes it; http or https, without a user
  std::string host; ///< in lower case; an IPv6 address without brackets
  std::uint16_t port = 0;

  friend bool operator==(const web_source&, const web_source&) = default;
};

/// On this machine.
struct file_source {
  std::string path; ///< absolute; no part of it is empty, "." or ".."

  friend bool operator==(const file_source&, const file_source&) = default;
};

using picture_source = std::variant<web_source, file_source>;

/// What may be loaded for somebody.
struct source_rules {
  /// images.allowed_hosts and images.private_hosts: "name" for the usual ports, "name:port"; the
  /// first may hold "*". In any case.
  std::vector<std::string> allowed_hosts{};
  std::vector<std::string> private_hosts{};
  std::vector<std::string> directories{}; ///< absolute
};

// Both fail with invalid_request or, where a key of the configuration would allow it,
// unsupported_parameter. `message` goes on behind the name of a field; `param` is left to the
// caller.

/// A URL of http, https or file, or an absolute path.
domain::result<picture_source> source_of(std::string_view name);

/// Whether it may be loaded. What the name of a host leads to is checked when it is looked up.
domain::result<void> check_allowed(const picture_source& wanted, const source_rules& rules);

/// Its host may have an address that is not public.
bool may_be_private(const web_source& wanted, const source_rules& rules);

/// The rest of the path behind the directory; empty: it does not lie in it.
std::string_view beneath(std::string_view directory, std::string_view path) noexcept;

} // namespace ccapi::media
