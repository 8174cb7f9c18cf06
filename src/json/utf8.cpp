#include "json/utf8.hpp"

#include "domain/utf8_character.hpp"

#include <simdjson.h>

namespace ccapi::json {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

} // namespace

bool is_valid(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::size_t first_invalid(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto found = domain::first_character(text.substr(at));
    if (!found.valid)
      return at;
    at += found.bytes;
  }
  return at;
}

void append_code_point(std::string& text, char32_t code_point) {
  const auto add = [&](char32_t lead, int continuations) {
    text += static_cast<char>(lead | (code_point >> (6 * continuations)));
    while (continuations-- > 0)
      text += static_cast<char>(0x80 | ((code_point >> (6 * continuations)) & 0x3f));
  };
  if (code_point < 0x80)
    add(0, 0);
  else if (code_point < 0x800)
    add(0xc0, 1);
  else if ((code_point >= 0xd800 && code_point < 0xe000) || code_point > 0x10ffff)
    text += replacement;
  else if (code_point < 0x10000)
    add(0xe0, 2);
  else
    add(0xf0, 3);
}

std::string repaired(std::string_view text) {
  std::string mended;
  mended.reserve(text.size() + replacement.size());
  while (!text.empty()) {
    const auto good = first_invalid(text);
    mended.append(text.substr(0, good));
    text.remove_prefix(good);
    if (!text.empty()) {
      mended.append(replacement);
      text.remove_prefix(domain::first_character(text).bytes);
    }
  }
  return mended;
}

} // namespace ccapi::json
