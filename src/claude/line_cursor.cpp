#include "claude/line_cursor.hpp"

#include "json/utf8.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace ccapi::claude {

namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

std::size_t count_digits(std::string_view text) noexcept {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count]))
    ++count;
  return count;
}

/// Nothing follows that would make a whole character of it.
void give_up(char16_t& half, std::string& out) {
  if (half != 0)
    json::append_code_point(out, half);
  half = 0;
}

void append_unit(std::string& out, char16_t unit, char16_t& half) {
  constexpr char32_t first_behind_the_units = 0x10000;
  const bool high = unit >= 0xd800 && unit < 0xdc00;
  const bool low = unit >= 0xdc00 && unit < 0xe000;
  if (low && half != 0) {
    json::append_code_point(out,
                            first_behind_the_units + ((half & 0x3ffU) << 10U) + (unit & 0x3ffU));
    half = 0;
    return;
  }
  give_up(half, out);
  if (high)
    half = unit;
  else
    json::append_code_point(out, unit);
}

bool append_escape(std::string& out, char letter) {
  constexpr std::string_view letters = R"("\/nrtbf)";
  constexpr std::string_view meanings = "\"\\/\n\r\t\b\f";
  const auto at = letters.find(letter);
  if (at == std::string_view::npos)
    return false;
  out += meanings[at];
  return true;
}

} // namespace

std::size_t string_run(std::string_view text, bool& ascii) noexcept {
  std::size_t at = 0;
#ifdef __SSE2__
  constexpr std::size_t step = sizeof(__m128i);
  if (text.size() >= step) {
    const auto all = [](char byte) { return _mm_set1_epi8(byte); };
    unsigned beyond = 0;
    for (;;) {
      const auto block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
      beyond |= static_cast<unsigned>(_mm_movemask_epi8(block));
      // Control characters and the quote are what is not above 0x20 once bit 1 is turned.
      const auto turned = _mm_xor_si128(block, all(0x02));
      const auto low = _mm_cmpeq_epi8(_mm_min_epu8(turned, all(0x20)), turned);
      const auto ends = static_cast<unsigned>(
        _mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(block, all('\\')))));
      if (ends != 0) {
        at += static_cast<std::size_t>(std::countr_zero(ends));
        break;
      }
      if (at + step == text.size()) {
        at = text.size();
        break;
      }
      at = std::min(at + step, text.size() - step); // the last block may overlap
    }
    ascii = ascii && beyond == 0;
    return at;
  }
#endif
  for (; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == '"' || byte == '\\')
      break;
    ascii = ascii && byte < 0x80;
  }
  return at;
}

bool line_cursor::text(std::string& out, char16_t& half) {
  if (!skip('"'))
    return false;
  for (;;) {
    const auto size = string_run(rest_, ascii_);
    if (size == rest_.size())
      return false;
    if (size > 0) {
      give_up(half, out);
      out.append(rest_.data(), size);
      rest_.remove_prefix(size);
    }
    if (skip('"'))
      return true;
    if (skip("\\u")) {
      char16_t unit = 0;
      if (!code_unit(unit))
        return false;
      append_unit(out, unit, half);
      continue;
    }
    give_up(half, out);
    if (rest_.size() < 2 || rest_[0] != '\\' || !append_escape(out, rest_[1]))
      return false;
    rest_.remove_prefix(2);
  }
}

/// Of an escape, behind \u.
bool line_cursor::code_unit(char16_t& out) noexcept {
  constexpr std::size_t digits = 4;
  std::uint16_t unit = 0;
  const auto hex = rest_.substr(0, digits);
  const auto [stop, failure] = std::from_chars(hex.data(), hex.data() + hex.size(), unit, 16);
  if (failure != std::errc{} || stop != hex.data() + digits)
    return false;
  out = unit;
  rest_.remove_prefix(digits);
  return true;
}

bool line_cursor::small_number(std::int64_t& out) noexcept {
  constexpr std::size_t digits_max = 9;
  std::int64_t value = 0;
  std::size_t digits = 0;
  for (; digits < std::min(rest_.size(), digits_max) && is_digit(rest_[digits]); ++digits)
    value = 10 * value + (rest_[digits] - '0');
  // No leading zero: JSON has none.
  if (digits == 0 || (digits > 1 && rest_.front() == '0'))
    return false;
  out = value;
  rest_.remove_prefix(digits);
  return true;
}

/// Whatever a double or a 64-bit integer holds for sure.
bool line_cursor::skip_number() noexcept {
  constexpr std::size_t digits_max = 18;
  skip('-');
  const auto whole = count_digits(rest_);
  if (whole == 0 || whole > digits_max || (whole > 1 && rest_.front() == '0'))
    return false;
  rest_.remove_prefix(whole);
  if (!skip('.'))
    return true;
  const auto fraction = count_digits(rest_);
  rest_.remove_prefix(fraction);
  return fraction > 0 && fraction <= digits_max;
}

bool line_cursor::skip_list(unsigned depth_left) noexcept {
  if (!skip('['))
    return false;
  if (skip(']'))
    return true;
  do {
    if (!skip_value(depth_left))
      return false;
  } while (skip(','));
  return skip(']');
}

bool line_cursor::skip_value(unsigned depth_left) noexcept {
  if (rest_.empty())
    return false;
  switch (rest_.front()) {
  case '"': {
    std::string_view value;
    return string(value);
  }
  case 'n':
    return skip("null");
  case 't':
    return skip("true");
  case 'f':
    return skip("false");
  case '{':
    return depth_left > 0 && members([&](std::string_view) { return skip_value(depth_left - 1); });
  case '[':
    return depth_left > 0 && skip_list(depth_left - 1);
  default:
    return skip_number();
  }
}

bool line_cursor::is_over() const noexcept {
  return rest_.empty() && (ascii_ || json::is_valid(line_));
}

} // namespace ccapi::claude
