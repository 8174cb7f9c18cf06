#pragma once
// line_cursor: reads JSON in the form that the CLI writes it, in one pass and without a parser.
// Internal to this room.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace ccapi::claude {

/// The number of bytes ahead of the first quote, backslash or control character. `ascii` becomes
/// false if one of them is beyond ASCII, perhaps also if one of the few behind is.
std::size_t string_run(std::string_view text, bool& ascii) noexcept;

/// Goes through a line from its beginning. What it takes is what a JSON parser would take; but it
/// does not take everything: no blanks between tokens, no escapes but in a text(), no exponents,
/// nothing that is nested deep. A false answer means that the line is for the parser to judge; the
/// cursor is of no use then.
class line_cursor {
public:
  explicit line_cursor(std::string_view line) noexcept
    : begin_{line.data()},
      at_{line.data()},
      end_{line.data() + line.size()} {}

  /// What is still to be read.
  [[nodiscard]] std::string_view rest() const noexcept { return {at_, left()}; }

  bool skip(std::string_view literal) noexcept {
    if (left() < literal.size() || std::memcmp(at_, literal.data(), literal.size()) != 0)
      return false;
    at_ += literal.size();
    return true;
  }

  bool skip(char literal) noexcept {
    if (at_ == end_ || *at_ != literal)
      return false;
    ++at_;
    return true;
  }

  void skip_rest() noexcept { at_ = end_; }

  /// A string without escapes; `out` points into the line.
  bool string(std::string_view& out) noexcept;

  /// A string with its escapes resolved, appended to `out`. `half`: the first half of a surrogate
  /// pair that the text ended with, 0 for none. One that is given is put before the text.
  bool text(std::string& out, char16_t& half);

  /// An integer from 0 to 999999999. What follows is not looked at.
  bool small_number(std::int64_t& out) noexcept;

  /// A number of usual length, as a parser reads it.
  bool number(double& out) noexcept;

  /// Any value, but nothing that is nested deeper than `depth_left`.
  bool skip_value(unsigned depth_left = 16) noexcept;

  /// The members of an object from its opening brace to its closing one. `read(key)` is to read the
  /// value, and says whether it could.
  template <class Read>
  bool members(Read read) {
    if (!skip('{'))
      return false;
    return skip('}') || (member(read) && more_members(read));
  }

  /// As members(), from behind one of them.
  template <class Read>
  bool more_members(Read read) {
    while (skip(','))
      if (!member(read))
        return false;
    return skip('}');
  }

  /// The line is over, and what was not ASCII in it is UTF-8.
  [[nodiscard]] bool is_over() const noexcept;

private:
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  template <class Read>
  bool member(Read& read) {
    std::string_view key;
    return string(key) && skip(':') && read(key);
  }
  bool skip_list(unsigned depth_left) noexcept;
  bool skip_number() noexcept;
  std::size_t skip_digits() noexcept;
  bool code_unit(char16_t& out) noexcept;

  const char* begin_;
  const char* at_;
  const char* end_;
  bool ascii_ = true; ///< what was read of strings
};

} // namespace ccapi::claude
