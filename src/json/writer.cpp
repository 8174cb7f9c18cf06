#include "json/writer.hpp"

#include "json/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

namespace ccapi::json {

namespace {

/// 0: the byte stands for itself; 'u': it needs the long \u00xx form; else the letter after '\'.
constexpr auto escapes = [] {
  std::array<char, 256> table{};
  for (std::size_t control = 0; control < 0x20; ++control)
    table[control] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  return table;
}();

constexpr char hex_digits[] = "0123456789abcdef";

void append_escaped(std::string& out, std::string_view text) {
  std::size_t run = 0; // start of the bytes that are not copied yet
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const char escape = escapes[byte];
    if (escape == 0)
      continue;
    out.append(text, run, at - run);
    run = at + 1;
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out.append("00");
      out += hex_digits[byte >> 4];
      out += hex_digits[byte & 15];
    }
  }
  out.append(text, run);
}

template <class Integer>
void append_digits(std::string& out, Integer value) {
  std::array<char, 24> digits; // room for the 20 characters of any 64-bit integer
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

} // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_valid(text))
    append_escaped(out, text);
  else
    append_escaped(out, repaired(text));
  out += '"';
}

void append_bytes(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void append_string_or_null(std::string& out, std::string_view text) {
  if (text.empty())
    out.append("null");
  else
    append_string(out, text);
}

void append_integer(std::string& out, std::int64_t value) {
  append_digits(out, value);
}

void append_integer(std::string& out, std::uint64_t value) {
  append_digits(out, value);
}

void append_milliseconds(std::string& out, std::chrono::microseconds time) {
  const auto hundredths = std::max<std::int64_t>(0, time.count()) / 10;
  append_integer(out, hundredths / 100);
  out += '.';
  out += static_cast<char>('0' + hundredths / 10 % 10);
  out += static_cast<char>('0' + hundredths % 10);
}

} // namespace ccapi::json
