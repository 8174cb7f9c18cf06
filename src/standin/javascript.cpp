#include "standin/javascript.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace ccapi::standin {

namespace {

constexpr int depth_max = 256;

/// A number as JavaScript writes it: the shortest digits that give the same double.
std::string javascript_number(double value) {
  if (!std::isfinite(value))
    return "null";
  if (value == 0)
    return "0"; // without a sign
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific)
                     .ptr;
  std::string_view written{buffer.data(), static_cast<std::size_t>(end - buffer.data())};
  std::string out;
  if (written.front() == '-') {
    out = "-";
    written.remove_prefix(1);
  }
  const auto mark = written.find('e');
  const int exponent = std::atoi(written.substr(mark + 1).data());
  std::string digits{written.substr(0, 1)};
  if (mark > 2)
    digits += written.substr(2, mark - 2);
  const auto count = static_cast<int>(digits.size());
  if (exponent >= 21 || exponent < -6) {
    out += digits[0];
    if (count > 1)
      out.append(".").append(digits, 1);
    out.append(exponent < 0 ? "e-" : "e+").append(std::to_string(std::abs(exponent)));
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
  } else if (exponent + 1 >= count) {
    out.append(digits).append(static_cast<std::size_t>(exponent + 1 - count), '0');
  } else {
    const auto whole = static_cast<std::size_t>(exponent + 1);
    out.append(digits, 0, whole).append(".").append(digits, whole);
  }
  return out;
}

class echo {
public:
  explicit echo(std::string_view json)
    : rest_{json} {}

  std::optional<std::string> run() {
    if (!value(0))
      return std::nullopt;
    skip_space();
    return rest_.empty() ? std::optional{out_} : std::nullopt;
  }

private:
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  bool take(char wanted) {
    skip_space();
    if (rest_.empty() || rest_.front() != wanted)
      return false;
    out_ += wanted;
    rest_.remove_prefix(1);
    return true;
  }

  bool word(std::string_view wanted) {
    if (!rest_.starts_with(wanted))
      return false;
    out_ += wanted;
    rest_.remove_prefix(wanted.size());
    return true;
  }

  bool value(int depth) {
    skip_space();
    if (rest_.empty() || depth > depth_max)
      return false;
    switch (rest_.front()) {
    case '{':
      return list(depth, '{', '}');
    case '[':
      return list(depth, '[', ']');
    case '"':
      return string();
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return number();
    }
  }

  bool list(int depth, char open, char close) {
    take(open);
    if (take(close))
      return true;
    do {
      skip_space();
      if (open == '{' && !(string() && take(':')))
        return false;
      if (!value(depth + 1))
        return false;
    } while (take(','));
    return take(close);
  }

  bool string() {
    if (rest_.empty() || rest_.front() != '"')
      return false;
    std::size_t at = 1;
    for (; at < rest_.size() && rest_[at] != '"'; ++at) {
      if (static_cast<unsigned char>(rest_[at]) < 0x20)
        return false;
      if (rest_[at] == '\\' && !escape(++at))
        return false;
    }
    if (at >= rest_.size())
      return false;
    out_ += rest_.substr(0, at + 1);
    rest_.remove_prefix(at + 1);
    return true;
  }

  /// `at` is behind the backslash; moves to the escape's last character.
  bool escape(std::size_t& at) const {
    if (at >= rest_.size())
      return false;
    if (rest_[at] != 'u')
      return std::string_view{"\"\\/bfnrt"}.find(rest_[at]) != std::string_view::npos;
    const auto digits = rest_.substr(at + 1, 4);
    at += 4;
    return digits.size() == 4
           && digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  }

  bool number() {
    const auto digits = [this](std::size_t at) {
      return std::min(rest_.find_first_not_of("0123456789", at), rest_.size());
    };
    const std::size_t first = rest_.front() == '-' ? 1 : 0;
    auto end = digits(first);
    if (end == first || (rest_[first] == '0' && end > first + 1))
      return false;
    if (end < rest_.size() && rest_[end] == '.') {
      const auto begin = end + 1;
      end = digits(begin);
      if (end == begin)
        return false;
    }
    if (end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E')) {
      auto begin = end + 1;
      if (begin < rest_.size() && (rest_[begin] == '+' || rest_[begin] == '-'))
        ++begin;
      end = digits(begin);
      if (end == begin)
        return false;
    }
    out_ += javascript_number(std::strtod(std::string{rest_.substr(0, end)}.c_str(), nullptr));
    rest_.remove_prefix(end);
    return true;
  }

  std::string_view rest_;
  std::string out_;
};

} // namespace

std::optional<std::string> through_javascript(std::string_view json) {
  return echo{json}.run();
}

} // namespace ccapi::standin
