#include "observe/escape.hpp"

#include "domain/utf8_character.hpp"

#include <array>
#include <cstdint>

namespace ccapi::observe {

namespace {

/// Characters that steer a terminal, a line reader or the direction of text instead of showing.
bool is_unsafe(char32_t code) noexcept {
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

void append_code(std::string& out, char32_t code) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u"; // all unsafe characters are below U+10000
  for (int shift = 12; shift >= 0; shift -= 4)
    out += digits[(code >> static_cast<unsigned>(shift)) & 0xfU];
}

void append_character(std::string& out, char32_t code, std::string_view bytes) {
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
    const auto next = domain::first_character(text.substr(at));
    const auto length = next.valid ? next.bytes : 1; // each broken byte is shown
    if (at + length > bytes_max) {
      out += "\xe2\x80\xa6"; // an ellipsis
      return;
    }
    if (next.valid)
      append_character(out, next.code, text.substr(at, length));
    else
      out += "\xef\xbf\xbd"; // U+FFFD
    at += length;
  }
}

} // namespace ccapi::observe
