#include "claude/capabilities.hpp"

#include <array>
#include <charconv>

namespace ccapi::claude {

std::optional<version> parse_version(std::string_view text) {
  std::array<std::uint32_t, 3> parts{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0 && (at == end || *at++ != '.'))
      return std::nullopt;
    const auto [next, failure] = std::from_chars(at, end, parts[i]);
    if (failure != std::errc{})
      return std::nullopt;
    at = next;
  }
  // What follows must not be a part of the number: a suffix, or the program's name.
  constexpr std::string_view may_follow = " \t\r\n-+";
  if (at != end && may_follow.find(*at) == std::string_view::npos)
    return std::nullopt;
  return version{.major = parts[0], .minor = parts[1], .patch = parts[2]};
}

std::string to_string(const version& which) {
  return std::to_string(which.major) + '.' + std::to_string(which.minor) + '.'
         + std::to_string(which.patch);
}

support check(const version& which) noexcept {
  if (which < oldest_supported)
    return support::too_old;
  return which > newest_tested ? support::untested_newer : support::supported;
}

bool rewinds_to_nothing(const version& which) noexcept {
  return which >= version{2, 1, 330};
}

} // namespace ccapi::claude
