#include "domain/turn/tools.hpp"

#include <algorithm>
#include <array>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ccapi::domain {

namespace {

constexpr std::size_t name_bytes_max = 128;

constexpr bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'
         || c == '-';
}

/// A client's tool of that name makes the CLI hide all others (measured).
constexpr std::string_view cli_own_name = "ToolSearch";

/// What is readable of `text`, and a digest of all of it.
std::string made_of(std::string_view text) {
  constexpr std::size_t digest_digits = 16;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string made{text.substr(0, name_bytes_max - digest_digits - 1)};
  std::replace_if(
    made.begin(), made.end(), [](char c) { return !is_word(c); }, '_');
  made += '_';
  auto digest = XXH3_64bits(text.data(), text.size());
  for (std::size_t digit = 0; digit < digest_digits; ++digit, digest >>= 4U)
    made += digits[digest & 0xfU];
  return made;
}

bool is_plain(std::string_view text) noexcept {
  return !text.empty() && text.size() <= name_bytes_max
         && std::all_of(text.begin(), text.end(), is_word);
}

} // namespace

tool_list::tool_list(std::vector<tool> tools)
  : tools_{std::make_shared<const std::vector<tool>>(std::move(tools))} {}

const tool* tool_list::find_by_api_name(std::string_view api_name) const noexcept {
  const auto found =
    std::find_if(begin(), end(), [&](const tool& each) { return each.api_name == api_name; });
  return found == end() ? nullptr : found;
}

bool operator==(const tool_list& a, const tool_list& b) noexcept {
  return a.tools_ == b.tools_ || std::equal(a.begin(), a.end(), b.begin(), b.end());
}

std::string api_tool_name(std::string_view name) {
  return is_plain(name) && name != cli_own_name ? std::string{name} : made_of(name);
}

} // namespace ccapi::domain
