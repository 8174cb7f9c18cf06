#include "json/writer.hpp"

#include "json/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

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

constexpr std::uint64_t in_each_byte(unsigned char value) noexcept {
  return std::uint64_t{0x0101010101010101} * value;
}

/// The high bit of every byte that is 0 (and maybe of some behind one).
constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  return (word - in_each_byte(1)) & ~word & in_each_byte(0x80);
}

/// All bytes are ASCII that stands for itself in a JSON string.
constexpr bool is_plain(std::uint64_t word) noexcept {
  const auto controls = (word - in_each_byte(0x20)) & ~word; // in the high bits
  return ((word | controls | zero_bytes(word ^ in_each_byte('"'))
           | zero_bytes(word ^ in_each_byte('\\')))
          & in_each_byte(0x80))
         == 0;
}

/// How many bytes at the front of `text` are plain; some more may be.
std::size_t plain_bytes(std::string_view text) noexcept {
  std::size_t at = 0;
  std::uint64_t word = 0;
  for (; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (!is_plain(word))
      return at;
  }
  if (at == text.size())
    return at;
  word = in_each_byte(' ');
  std::memcpy(&word, text.data() + at, text.size() - at);
  return is_plain(word) ? text.size() : at;
}

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
    at += plain_bytes(text.substr(run));
  }
  out.append(text, run);
}

template <class Integer>
void append_digits(std::string& out, Integer value) {
  std::array<char, 24> digits; // room for the 20 characters of any 64-bit integer
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

} // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  const auto plain = plain_bytes(text);
  out.append(text, 0, plain);
  if (const auto rest = text.substr(plain); !rest.empty()) {
    if (is_valid(rest))
      append_escaped(out, rest);
    else
      append_escaped(out, repaired(rest));
  }
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

void append_json(std::string& out, std::string_view text) {
  constexpr std::string_view white = " \t\r\n";
  bool in_string = false;
  std::size_t from = 0; // of what is to be copied
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string && c == '\\') {
      ++at;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && white.find(c) != std::string_view::npos) {
      out.append(text, from, at - from);
      from = at + 1;
    }
  }
  out.append(text.substr(std::min(from, text.size())));
}

void append_integer(std::string& out, std::int64_t value) {
  append_digits(out, value);
}

void append_integer(std::string& out, std::uint64_t value) {
  append_digits(out, value);
}

void append_millionths(std::string& out, std::int64_t millionths) {
  constexpr std::int64_t whole = 1'000'000;
  const auto count = std::max<std::int64_t>(0, millionths);
  append_integer(out, count / whole);
  out += '.';
  for (auto unit = whole / 10; unit > 0; unit /= 10)
    out += static_cast<char>('0' + count / unit % 10);
}

void append_milliseconds(std::string& out, std::chrono::microseconds time) {
  const auto hundredths = std::max<std::int64_t>(0, time.count()) / 10;
  append_integer(out, hundredths / 100);
  out += '.';
  out += static_cast<char>('0' + hundredths / 10 % 10);
  out += static_cast<char>('0' + hundredths % 10);
}

} // namespace ccapi::json
