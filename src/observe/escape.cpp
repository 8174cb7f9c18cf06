#include "observe/escape.hpp"

#include <array>
#include <cstdint>

namespace ccapi::observe {

namespace {

struct character {
  std::uint32_t code = 0;
  std::size_t length = 1;
  bool valid = false;
};

/// How long a character with this first byte is; 0 = no character begins so.
std::size_t expected_length(std::uint8_t first) noexcept {
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return 2;
  if (first >= 0xe0 && first <= 0xef)
    return 3;
  if (first >= 0xf0 && first <= 0xf4)
    return 4;
  return 0;
}

character decode(std::string_view text) noexcept {
  const auto first = static_cast<std::uint8_t>(text.front());
  const auto length = expected_length(first);
  if (length == 0 || length > text.size())
    return {};
  if (length == 1)
    return {first, 1, true};
  std::uint32_t code = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<std::uint8_t>(text[i]);
    if ((next & 0xc0U) != 0x80U)
      return {};
    code = (code << 6) | (next & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff)
    return {};
  return {code, length, true};
}

/// Characters that steer a terminal, a line reader or the direction of text instead of showing.
bool is_unsafe(std::uint32_t code) noexcept {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c
         || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e)
         || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

/// Nearly every byte of nearly every line.
constexpr auto shows_itself = [] {
  std::array<bool, 256> set{};
  for (std::size_t byte = 0x20; byte < 0x7f; ++byte)
    set[byte] = byte != '"' && byte != '\\';
  return set;
}();

void append_code(std::string& out, std::uint32_t code) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u"; // all unsafe characters are below U+10000
  for (int shift = 12; shift >= 0; shift -= 4)
    out += digits[(code >> static_cast<unsigned>(shift)) & 0xfU];
}

void append_character(std::string& out, std::uint32_t code, std::string_view bytes) {
  switch (code) {
  case '"':
    out += "\\\"";
    return;
  case '\\':
    out += "\\\\";
    return;
  case '\n':
    out += "\\n";
    return;
  case '\r':
    out += "\\r";
    return;
  case '\t':
    out += "\\t";
    return;
  default:
    if (is_unsafe(code))
      append_code(out, code);
    else
      out += bytes;
  }
}

} // namespace

void append_escaped(std::string& out, std::string_view text, std::size_t bytes_max) {
  const auto looked_at = text.substr(0, bytes_max);
  std::size_t at = 0;
  while (at < text.size()) {
    const auto from = at;
    while (at < looked_at.size() && shows_itself[static_cast<std::uint8_t>(looked_at[at])])
      ++at;
    out.append(looked_at, from, at - from);
    if (at == text.size())
      return;
    const auto next = decode(text.substr(at));
    if (at + next.length > bytes_max) {
      out += "\xe2\x80\xa6"; // an ellipsis
      return;
    }
    if (next.valid)
      append_character(out, next.code, text.substr(at, next.length));
    else
      out += "\xef\xbf\xbd"; // U+FFFD
    at += next.length;
  }
}

} // namespace ccapi::observe
