#include "http/router.hpp"

#include <optional>

namespace ccapi::http {

namespace {

/// Without one trailing slash and without /v1, once or twice (base URLs are pasted both ways).
std::string_view normalized(std::string_view path) noexcept {
  constexpr std::string_view version = "/v1";
  if (path.size() > 1 && path.ends_with('/'))
    path.remove_suffix(1);
  for (int times = 0; times < 2; ++times)
    if (path.starts_with(version) && path.substr(version.size()).starts_with('/'))
      path.remove_prefix(version.size());
  return path;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

/// The parameter (empty if the pattern has none) if the path fits.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  constexpr std::string_view placeholder = "{id}";
  if (!pattern.ends_with(placeholder))
    return pattern == path ? std::optional<std::string>{std::string{}} : std::nullopt;
  pattern.remove_suffix(placeholder.size());
  if (!path.starts_with(pattern) || path.size() == pattern.size())
    return std::nullopt;
  return percent_decoded(path.substr(pattern.size()));
}

} // namespace

route find_route(method verb, std::string_view path) {
  path = normalized(path);
  route result;
  for (const auto& candidate : api) {
    auto parameter = match(candidate.pattern, path);
    if (!parameter)
      continue;
    if (verb == candidate.verb || (verb == method::head && candidate.verb == method::get)) {
      result.found = &candidate;
      result.parameter = std::move(*parameter);
      return result;
    }
    result.allow = candidate.verb == method::get ? "GET, HEAD" : "POST";
  }
  return result;
}

} // namespace ccapi::http
