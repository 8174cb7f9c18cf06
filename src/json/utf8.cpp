#include "json/utf8.hpp"

#include <simdjson.h>

#include <algorithm>

namespace ccapi::json {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

struct sequence {
  std::size_t bytes; ///< well-formed: its length; else the length of the maximal subpart, >= 1
  bool valid;
};

/// What a lead byte promises: the number of continuation bytes and the range of the first of them
/// (Unicode, table 3-7). Later ones are always 80..bf.
struct lead {
  std::size_t continuations;
  unsigned char low;
  unsigned char high;
};

lead classify(unsigned char first) noexcept {
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

/// `rest` must not be empty.
sequence next_sequence(std::string_view rest) noexcept {
  auto [continuations, low, high] = classify(static_cast<unsigned char>(rest.front()));
  if (low > high)
    return {1, false};
  for (std::size_t i = 1; i <= continuations; ++i) {
    if (i >= rest.size())
      return {i, false};
    const auto byte = static_cast<unsigned char>(rest[i]);
    if (byte < low || byte > high)
      return {i, false};
    low = 0x80;
    high = 0xbf;
  }
  return {continuations + 1, true};
}

} // namespace

bool is_valid(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::size_t first_invalid(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto found = next_sequence(text.substr(at));
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
      text.remove_prefix(next_sequence(text).bytes);
    }
  }
  return mended;
}

} // namespace ccapi::json
