#pragma once
// ASCII character classes of HTTP (RFC 9110 section 5.6), as tables. Pure.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace ccapi::http::ascii {

using table = std::array<bool, 256>;

constexpr bool in(const table& set, char c) noexcept {
  return set[static_cast<unsigned char>(c)];
}

constexpr bool all_in(const table& set, std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [&](char c) { return in(set, c); });
}

/// tchar: what methods and field names consist of.
inline constexpr table token = [] {
  table set{};
  for (char c = '0'; c <= '9'; ++c)
    set[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c)
    set[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c)
    set[static_cast<unsigned char>(c)] = true;
  for (const char c : std::string_view{"!#$%&'*+-.^_`|~"})
    set[static_cast<unsigned char>(c)] = true;
  return set;
}();

/// Bytes of a field's value: tab, space, visible ASCII and 8-bit bytes; no other control.
inline constexpr table value = [] {
  table set{};
  for (std::size_t c = 0x20; c < set.size(); ++c)
    set[c] = c != 0x7f;
  set['\t'] = true;
  return set;
}();

/// Bytes of a request target: visible ASCII without '#' (a fragment is never sent).
inline constexpr table target = [] {
  table set{};
  for (std::size_t c = 0x21; c < 0x7f; ++c)
    set[c] = c != '#';
  return set;
}();

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Equal but for the case of ASCII letters; `lower_text` must be in lower case.
constexpr bool equals_lower(std::string_view text, std::string_view lower_text) noexcept {
  return text.size() == lower_text.size()
         && std::equal(text.begin(), text.end(), lower_text.begin(),
                       [](char a, char b) { return lower(a) == b; });
}

/// Without the optional white space (space, tab) around it.
constexpr std::string_view trim(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace ccapi::http::ascii
