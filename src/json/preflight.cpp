#include "json/preflight.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>

namespace ccapi::json {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view replacement_escape = "\\ufffd";

/// What can follow a number, true, false or null.
constexpr bool ends_word(char c) noexcept {
  switch (c) {
  case ' ':
  case '\t':
  case '\n':
  case '\r':
  case ',':
  case ':':
  case '"':
  case '{':
  case '}':
  case '[':
  case ']':
    return true;
  default:
    return false;
  }
}

constexpr bool is_high_surrogate(unsigned unit) noexcept {
  return unit >= 0xd800 && unit <= 0xdbff;
}

constexpr bool is_low_surrogate(unsigned unit) noexcept {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/// The code unit of a whole \uXXXX escape at `at`, if there is one.
std::optional<unsigned> escaped_unit(std::string_view text, std::size_t at) noexcept {
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u')
    return std::nullopt;
  unsigned unit = 0;
  for (const char c : text.substr(at + 2, 4)) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9')
      digit = static_cast<unsigned>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<unsigned>(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
      digit = static_cast<unsigned>(c - 'A') + 10;
    else
      return std::nullopt;
    unit = unit * 16 + digit;
  }
  return unit;
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// The parts of a JSON number. Empty digits: it is none.
struct number_parts {
  std::string_view digits;   ///< before the point
  std::string_view fraction; ///< with the point
  std::string_view exponent; ///< with the 'e'
};

number_parts parts_of(std::string_view token) noexcept {
  number_parts parts;
  std::size_t at = token.starts_with('-') ? 1 : 0;
  const auto digits = [&token, &at](std::size_t from) {
    while (at < token.size() && is_digit(token[at]))
      ++at;
    return token.substr(from, at - from);
  };
  const auto whole = digits(at);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0'))
    return {};
  if (at < token.size() && token[at] == '.') {
    const auto point = at++;
    parts.fraction = digits(point);
    if (parts.fraction.size() < 2)
      return {};
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    const auto letter = at++;
    if (at < token.size() && (token[at] == '+' || token[at] == '-'))
      ++at;
    if (at >= token.size())
      return {};
    parts.exponent = digits(letter);
  }
  if (at < token.size())
    return {};
  parts.digits = whole;
  return parts;
}

bool fits_64_bits(std::string_view integer) noexcept {
  std::int64_t narrow = 0;
  std::uint64_t wide = 0;
  const auto* const end = integer.data() + integer.size();
  return std::from_chars(integer.data(), end, narrow).ec == std::errc{}
         || std::from_chars(integer.data(), end, wide).ec == std::errc{};
}

/// The parser refuses a whole text for one number that it can't hold. An integer beyond 64 bits
/// becomes the same in floating point, and what is beyond a double 1e308: whoever reads the field
/// refuses it by its name. Never longer than before.
void mend_number(std::span<char> text, std::size_t from, std::size_t size) {
  constexpr std::size_t digits_64_bits = 19;
  constexpr std::string_view largest = "1e308";
  if (size < largest.size() || (text[from] != '-' && !is_digit(text[from])))
    return;
  const auto place = text.subspan(from, size);
  const std::string_view token{place.data(), size};
  const auto [digits, fraction, exponent] = parts_of(token);
  if (digits.empty())
    return;
  std::string mended{token.starts_with('-') ? "-" : ""};
  if (fraction.empty() && exponent.empty()) {
    if (digits.size() < digits_64_bits || fits_64_bits(token))
      return;
    const auto power = digits.size() - 1;
    if (power >= 308) {
      mended += largest;
    } else {
      const auto suffix = "e" + std::to_string(power);
      mended.append(1, digits.front()).append(1, '.');
      mended.append(digits.substr(1, digits.size() - 2 - suffix.size())).append(suffix);
    }
  } else {
    double value = 0;
    const auto end = token.data() + token.size();
    const bool tiny = exponent.size() > 1 && exponent[1] == '-';
    if (tiny || std::from_chars(token.data(), end, value).ec != std::errc::result_out_of_range)
      return;
    mended += largest;
  }
  mended.resize(size, ' ');
  std::copy(mended.begin(), mended.end(), place.begin());
}

class scan {
public:
  scan(std::span<char> text, const limits& allowed)
    : place_{text},
      text_{text.data(), text.size()},
      allowed_{allowed} {}

  domain::result<void> run() {
    if (text_.starts_with(byte_order_mark))
      at_ = byte_order_mark.size();
    while (at_ < text_.size() && !failure_)
      token();
    if (failure_)
      return std::move(*failure_);
    return {};
  }

private:
  void token() {
    switch (text_[at_]) {
    case ' ':
    case '\t':
    case '\n':
    case '\r':
      ++at_;
      return;
    case ',':
      return punctuation();
    case '}':
    case ']':
      if (depth_ > 0)
        --depth_;
      return punctuation();
    case ':':
      return colon();
    case '"':
      return string();
    case '{':
    case '[':
      return open();
    default:
      const auto from = at_;
      while (++at_ < text_.size() && !ends_word(text_[at_])) {
      }
      mend_number(place_, from, at_ - from);
      return value();
    }
  }

  void punctuation() {
    ++at_;
    after_string_ = false;
    // A value brings at most a comma, a colon and its closing bracket. The parser would index any
    // amount of them before it notices that something is wrong.
    if (++punctuation_ / 3 > allowed_.values)
      fail("commas, colons and brackets for more than " + std::to_string(allowed_.values)
           + " values");
  }

  void open() {
    if (++depth_ > allowed_.depth)
      return fail("nested deeper than " + std::to_string(allowed_.depth) + " levels"
                  + describe_position(text_, at_));
    ++at_;
    value();
  }

  void colon() {
    if (after_string_) {
      --values_; // it was a key
      if (mended_)
        return fail("a key holds an unpaired surrogate" + describe_position(text_, at_));
    }
    punctuation();
  }

  void value() {
    after_string_ = false;
    if (++values_ > allowed_.values)
      fail("more than " + std::to_string(allowed_.values) + " values");
  }

  void string() {
    const auto opened = at_;
    mended_ = false;
    auto from = opened + 1;
    auto quote = text_.find('"', from);
    while (quote != std::string_view::npos) {
      const void* found = std::memchr(text_.data() + from, '\\', quote - from);
      if (!found)
        break;
      from = escape(static_cast<std::size_t>(static_cast<const char*>(found) - text_.data()));
      if (from > quote)
        quote = text_.find('"', from);
    }
    if (quote == std::string_view::npos)
      return fail("a string is not closed; it begins" + describe_position(text_, opened));
    at_ = quote + 1;
    value();
    after_string_ = true;
  }

  /// Mends the escape at `at` if need be; the offset after it.
  std::size_t escape(std::size_t at) {
    const auto unit = escaped_unit(text_, at);
    if (!unit)
      return at + 2;
    if (is_high_surrogate(*unit)) {
      const auto low = escaped_unit(text_, at + 6);
      if (low && is_low_surrogate(*low))
        return at + 12;
    } else if (!is_low_surrogate(*unit)) {
      return at + 6;
    }
    std::copy(replacement_escape.begin(), replacement_escape.end(),
              place_.subspan(at, replacement_escape.size()).begin());
    mended_ = true;
    return at + 6;
  }

  void fail(std::string_view what) {
    failure_ = domain::error{.code = domain::error_code::invalid_request,
                             .message = "Invalid JSON: " + std::string{what} + ".",
                             .retry_useful = false};
  }

  const std::span<char> place_;
  const std::string_view text_; ///< what is there
  const limits& allowed_;
  std::optional<domain::error> failure_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::size_t values_ = 0;
  std::size_t punctuation_ = 0;
  bool after_string_ = false; ///< the last token was a string
  bool mended_ = false;       ///< ... in which a surrogate was replaced
};

} // namespace

domain::result<void> preflight(std::span<char> text, const limits& allowed) {
  return scan{text, allowed}.run();
}

std::string describe_position(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto line_start = before.rfind('\n') + 1; // npos + 1 is 0
  return " at byte " + std::to_string(offset) + " (line " + std::to_string(line) + ", column "
         + std::to_string(offset - line_start + 1) + ")";
}

} // namespace ccapi::json
