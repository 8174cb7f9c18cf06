#include "json/canonical.hpp"

#include "json/utf8.hpp"
#include "json/writer.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace ccapi::json {

namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// The value of four hexadecimal digits.
std::optional<char32_t> unit_of(std::string_view digits) noexcept {
  constexpr std::size_t count = 4;
  if (digits.size() < count)
    return std::nullopt;
  char32_t unit = 0;
  for (const char c : digits.substr(0, count)) {
    unit *= 16;
    if (is_digit(c))
      unit += static_cast<char32_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      unit += static_cast<char32_t>(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
      unit += static_cast<char32_t>(c - 'A' + 10);
    else
      return std::nullopt;
  }
  return unit;
}

bool is_high_surrogate(char32_t unit) noexcept {
  return unit >= 0xd800 && unit < 0xdc00;
}

bool is_low_surrogate(char32_t unit) noexcept {
  return unit >= 0xdc00 && unit < 0xe000;
}

/// Reads a text and writes it anew. Each function is false if the text is at fault.
class rewriter {
public:
  explicit rewriter(std::string_view text)
    : rest_{text} {
    out_.reserve(text.size());
  }

  std::optional<std::string> run() {
    if (!value(0))
      return std::nullopt;
    skip_white();
    if (!rest_.empty())
      return std::nullopt;
    return std::move(out_);
  }

private:
  struct member {
    std::size_t begin = 0;    ///< in out_
    std::size_t name_end = 0; ///< behind the closing quote
    std::size_t end = 0;
  };

  void skip_white() noexcept {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  bool take(char c) noexcept {
    skip_white();
    if (!rest_.starts_with(c))
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool value(std::size_t depth) { // NOLINT(misc-no-recursion): bounded
    skip_white();
    if (rest_.empty() || ++values_ > canonical_values_max)
      return false;
    switch (rest_.front()) {
    case '{':
      return depth < canonical_depth_max && object(depth + 1);
    case '[':
      return depth < canonical_depth_max && array(depth + 1);
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

  bool object(std::size_t depth) { // NOLINT(misc-no-recursion): bounded
    rest_.remove_prefix(1);
    out_ += '{';
    const auto begin = out_.size();
    std::vector<member> members;
    if (!take('}')) {
      do {
        member next{.begin = out_.size()};
        skip_white();
        if (!rest_.starts_with('"') || !string())
          return false;
        next.name_end = out_.size();
        out_ += ':';
        if (!take(':') || !value(depth))
          return false;
        next.end = out_.size();
        out_ += ',';
        members.push_back(next);
      } while (take(','));
      if (!take('}'))
        return false;
      out_.pop_back(); // the last comma
      put_in_order(begin, members);
    }
    out_ += '}';
    return true;
  }

  bool array(std::size_t depth) { // NOLINT(misc-no-recursion): bounded
    rest_.remove_prefix(1);
    out_ += '[';
    if (!take(']')) {
      do {
        if (!value(depth))
          return false;
        out_ += ',';
      } while (take(','));
      if (!take(']'))
        return false;
      out_.pop_back();
    }
    out_ += ']';
    return true;
  }

  /// Sorts the members that out_ ends with, unless they are in order.
  void put_in_order(std::size_t begin, std::vector<member>& members) {
    const std::string_view written{out_};
    const auto name = [written](const member& each) { // without its quotes
      return written.substr(each.begin + 1, each.name_end - each.begin - 2);
    };
    const auto before = [&name](const member& a, const member& b) { return name(a) < name(b); };
    const auto not_before = [&before](const member& a, const member& b) { return !before(a, b); };
    if (std::adjacent_find(members.begin(), members.end(), not_before) == members.end())
      return;
    std::stable_sort(members.begin(), members.end(), before);
    std::string ordered;
    ordered.reserve(out_.size() - begin);
    for (auto each = members.begin(); each != members.end(); ++each) {
      const auto next = each + 1;
      if (next != members.end() && name(*each) == name(*next))
        continue; // the last one counts
      ordered.append(ordered.empty() ? "" : ",");
      ordered.append(written.substr(each->begin, each->end - each->begin));
    }
    out_.resize(begin);
    out_ += ordered;
  }

  bool string() {
    constexpr char last_control = 0x1f;
    rest_.remove_prefix(1);
    text_.clear();
    while (true) {
      std::size_t plain = 0;
      while (plain < rest_.size() && rest_[plain] != '"' && rest_[plain] != '\\') {
        if (static_cast<unsigned char>(rest_[plain]) <= last_control)
          return false;
        ++plain;
      }
      if (plain == rest_.size())
        return false; // not closed
      text_.append(rest_, 0, plain);
      const bool closed = rest_[plain] == '"';
      rest_.remove_prefix(plain + 1);
      if (closed)
        break;
      if (!escape())
        return false;
    }
    append_string(out_, text_);
    return true;
  }

  /// What stands behind a backslash.
  bool escape() {
    constexpr std::array<std::pair<char, char>, 8> escapes{{{'"', '"'},
                                                            {'\\', '\\'},
                                                            {'/', '/'},
                                                            {'b', '\b'},
                                                            {'f', '\f'},
                                                            {'n', '\n'},
                                                            {'r', '\r'},
                                                            {'t', '\t'}}};
    if (rest_.empty())
      return false;
    const char letter = rest_.front();
    rest_.remove_prefix(1);
    if (letter == 'u')
      return long_escape();
    const auto* const found = std::find_if(
      escapes.begin(), escapes.end(), [letter](const auto& each) { return each.first == letter; });
    if (found == escapes.end())
      return false;
    text_ += found->second;
    return true;
  }

  bool long_escape() {
    constexpr std::size_t digits = 4;
    constexpr std::string_view next_escape = "\\u";
    auto unit = unit_of(rest_);
    if (!unit)
      return false;
    rest_.remove_prefix(digits);
    if (is_high_surrogate(*unit) && rest_.starts_with(next_escape)) {
      const auto low = unit_of(rest_.substr(next_escape.size()));
      if (low && is_low_surrogate(*low)) {
        unit = 0x10000 + ((*unit - 0xd800) << 10U) + (*low - 0xdc00);
        rest_.remove_prefix(next_escape.size() + digits);
      }
    }
    append_code_point(text_, *unit);
    return true;
  }

  bool word(std::string_view whole) {
    if (!rest_.starts_with(whole))
      return false;
    out_ += whole;
    rest_.remove_prefix(whole.size());
    return true;
  }

  bool number() {
    std::size_t at = rest_.starts_with('-') ? 1 : 0;
    const auto digits = [this, &at] {
      const auto from = at;
      while (at < rest_.size() && is_digit(rest_[at]))
        ++at;
      return at > from;
    };
    const bool zero = at < rest_.size() && rest_[at] == '0';
    const auto from = at;
    if (!digits() || (zero && at > from + 1))
      return false;
    if (at < rest_.size() && rest_[at] == '.') {
      ++at;
      if (!digits())
        return false;
    }
    if (at < rest_.size() && (rest_[at] == 'e' || rest_[at] == 'E')) {
      ++at;
      if (at < rest_.size() && (rest_[at] == '+' || rest_[at] == '-'))
        ++at;
      if (!digits())
        return false;
    }
    out_.append(rest_, 0, at);
    rest_.remove_prefix(at);
    return true;
  }

  std::string_view rest_;
  std::size_t values_ = 0;
  std::string out_;
  std::string text_; ///< of the string at hand
};

} // namespace

std::optional<std::string> canonical(std::string_view text) {
  if (!is_valid(text))
    return std::nullopt;
  return rewriter{text}.run();
}

} // namespace ccapi::json
