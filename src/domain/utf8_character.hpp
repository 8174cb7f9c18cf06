#pragma once
// utf8_character: the one place that takes UTF-8 apart. Pure; any thread.

#include <cstddef>
#include <string_view>

namespace ccapi::domain {

struct utf8_character {
  char32_t code = 0;     ///< 0 if it is not valid
  std::size_t bytes = 1; ///< if it is not valid: of the maximal ill-formed subpart (Unicode, 3.9)
  bool valid = false;    ///< well-formed (RFC 3629: shortest form, no surrogate, up to U+10FFFF)
};

/// What a lead byte promises: the number of continuation bytes and the range of the first of them
/// (Unicode, table 3-7). Later ones are always 80..bf.
struct utf8_lead {
  std::size_t continuations;
  unsigned char low;
  unsigned char high;
};

constexpr utf8_lead lead_of(unsigned char first) noexcept {
  if (first < 0x80)
    return {0, 0, 0};
  if (first >= 0xc2 && first <= 0xdf)
    return {1, 0x80, 0xbf};
  if (first == 0xe0)
    return {2, 0xa0, 0xbf};
  if (first == 0xed)
    return {2, 0x80, 0x9f};
  if (first >= 0xe1 && first <= 0xef)
    return {2, 0x80, 0xbf};
  if (first == 0xf0)
    return {3, 0x90, 0xbf};
  if (first >= 0xf1 && first <= 0xf3)
    return {3, 0x80, 0xbf};
  if (first == 0xf4)
    return {3, 0x80, 0x8f};
  return {0, 1, 0}; // no lead byte
}

/// What `text` begins with; it must not be empty.
constexpr utf8_character first_character(std::string_view text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  auto [continuations, low, high] = lead_of(first);
  if (low > high)
    return {};
  // A lead byte of n bytes has n ones and a zero ahead of its share of the code.
  char32_t code = continuations == 0 ? first : first & (0x3fU >> continuations);
  for (std::size_t i = 1; i <= continuations; ++i) {
    if (i >= text.size())
      return {.bytes = i};
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < low || byte > high)
      return {.bytes = i};
    code = code << 6U | (byte & 0x3fU);
    low = 0x80;
    high = 0xbf;
  }
  return {.code = code, .bytes = continuations + 1, .valid = true};
}

/// True for a byte within a character: a text must not be cut ahead of it.
constexpr bool continues_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

/// The characters that `text` begins with, as many as fit.
constexpr std::string_view whole_characters(std::string_view text, std::size_t bytes_max) noexcept {
  if (text.size() <= bytes_max)
    return text;
  while (bytes_max > 0 && continues_character(text[bytes_max]))
    --bytes_max;
  return text.substr(0, bytes_max);
}

} // namespace ccapi::domain
