#include "claude/line_cursor.hpp"

#include "json/utf8.hpp"

#include <bit>
#include <charconv>
#include <utility>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace ccapi::claude {

namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

#ifdef __SSE2__
constexpr std::ptrdiff_t step = sizeof(__m128i);

/// Of the sixteen bytes at `at`, which ones are `ends` of a string's run, and which are no ASCII: a
/// bit for each.
struct marks {
  explicit marks(const char* at) noexcept {
    const auto all = [](char byte) { return _mm_set1_epi8(byte); };
    const auto block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // Control characters and the quote are what is not above 0x20 once bit 1 is turned.
    const auto turned = _mm_xor_si128(block, all(0x02));
    const auto low = _mm_cmpeq_epi8(_mm_min_epu8(turned, all(0x20)), turned);
    const auto backslash = _mm_cmpeq_epi8(block, all('\\'));
    ends = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, backslash)));
    beyond_ascii = static_cast<unsigned>(_mm_movemask_epi8(block));
  }

  unsigned ends;
  unsigned beyond_ascii;
};
#endif

/// As string_run, from `at`. What is between `begin` and `at` may be read.
inline const char* run_end([[maybe_unused]] const char* begin, const char* at, const char* end,
                           bool& ascii) noexcept {
#ifdef __SSE2__
  for (; end - at >= step; at += step) {
    const marks found{at};
    if (found.beyond_ascii != 0)
      ascii = false;
    if (found.ends != 0)
      return at + std::countr_zero(found.ends);
  }
  if (end - begin >= step) {
    const marks found{end - step};
    const auto before = step - (end - at); // which were looked at already
    if (found.beyond_ascii >> before != 0)
      ascii = false;
    const auto ends = found.ends >> before;
    return ends != 0 ? at + std::countr_zero(ends) : end;
  }
#endif
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x20 || byte == '"' || byte == '\\')
      break;
    ascii = ascii && byte < 0x80;
  }
  return at;
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
  const char* const begin = text.data();
  return static_cast<std::size_t>(run_end(begin, begin, begin + text.size(), ascii) - begin);
}

bool line_cursor::string(std::string_view& out) noexcept {
  if (!skip('"'))
    return false;
  const char* const first = at_;
  at_ = run_end(begin_, at_, end_, ascii_);
  out = {first, static_cast<std::size_t>(at_ - first)};
  return skip('"');
}

bool line_cursor::text(std::string& out, char16_t& half) {
  if (!skip('"'))
    return false;
  for (;;) {
    const char* const first = std::exchange(at_, run_end(begin_, at_, end_, ascii_));
    if (at_ != first) {
      give_up(half, out);
      out.append(first, at_);
    }
    if (skip('"'))
      return true;
    if (left() < 2 || *at_ != '\\')
      return false;
    if (at_[1] == 'u') {
      at_ += 2;
      char16_t unit = 0;
      if (!code_unit(unit))
        return false;
      append_unit(out, unit, half);
    } else {
      give_up(half, out);
      if (!append_escape(out, at_[1]))
        return false;
      at_ += 2;
    }
  }
}

/// Of an escape, behind \u.
bool line_cursor::code_unit(char16_t& out) noexcept {
  constexpr std::size_t digits = 4;
  if (left() < digits)
    return false;
  std::uint16_t unit = 0;
  const auto [stop, failure] = std::from_chars(at_, at_ + digits, unit, 16);
  if (failure != std::errc{} || stop != at_ + digits)
    return false;
  out = unit;
  at_ += digits;
  return true;
}

std::size_t line_cursor::skip_digits() noexcept {
  const char* const first = at_;
  while (at_ != end_ && is_digit(*at_))
    ++at_;
  return static_cast<std::size_t>(at_ - first);
}

bool line_cursor::small_number(std::int64_t& out) noexcept {
  constexpr std::size_t digits_max = 9;
  const char* const first = at_;
  const auto digits = skip_digits();
  // No leading zero: JSON has none.
  if (digits == 0 || digits > digits_max || (digits > 1 && *first == '0'))
    return false;
  out = 0;
  for (const char digit : std::string_view{first, digits})
    out = 10 * out + (digit - '0');
  return true;
}

/// Whatever a double or a 64-bit integer holds for sure.
bool line_cursor::skip_number() noexcept {
  constexpr std::size_t digits_max = 18;
  skip('-');
  const char* const first = at_;
  const auto whole = skip_digits();
  if (whole == 0 || whole > digits_max || (whole > 1 && *first == '0'))
    return false;
  if (!skip('.'))
    return true;
  const auto fraction = skip_digits();
  return fraction > 0 && fraction <= digits_max;
}

bool line_cursor::number(double& out) noexcept {
  const char* const first = at_;
  return skip_number() && std::from_chars(first, at_, out).ec == std::errc{};
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
  if (at_ == end_)
    return false;
  switch (*at_) {
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
  return at_ == end_
         && (ascii_ || json::is_valid({begin_, static_cast<std::size_t>(end_ - begin_)}));
}

} // namespace ccapi::claude
