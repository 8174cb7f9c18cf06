#include "process/log_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace ccapi::process {
namespace {

/// What comes before a secret. `spaced`: separators stand between the mark and the secret.
struct secret_mark {
  std::string_view lower_case;
  bool spaced;
};
constexpr std::array marks{secret_mark{"sk-ant-", false}, secret_mark{"bearer", true},
                           secret_mark{"x-api-key", true}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_with_mark(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size()
         && std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                       [](char mark, char c) { return mark == lower(c); });
}

bool is_separator(char c) {
  return std::string_view{" \t:='\"\\"}.find(c) != std::string_view::npos;
}

/// Characters of tokens: base64 in all its kinds, JWT, API keys.
bool is_secret_char(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z')
         || std::string_view{"-_.~+/="}.find(c) != std::string_view::npos;
}

/// Length of the mark and of separators at the front of `text`; 0 = no secret begins here.
std::size_t mark_length(std::string_view text) {
  for (const auto& mark : marks) {
    if (!starts_with_mark(text, mark.lower_case))
      continue;
    std::size_t length = mark.lower_case.size();
    if (!mark.spaced)
      return length;
    while (length < text.size() && is_separator(text[length]))
      ++length;
    if (length > mark.lower_case.size())
      return length;
  }
  return 0;
}

/// One character of UTF-8. `size` 0: the first byte begins no valid character.
struct utf8_char {
  std::size_t size = 0;
  std::uint32_t code = 0;
};

utf8_char first_char(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80)
    return {1, lead};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size)
    return {};
  std::uint32_t code = lead & (0x7fU >> size);
  for (std::size_t at = 1; at < size; ++at) {
    if ((byte(at) & 0xc0U) != 0x80)
      return {};
    code = code << 6U | (byte(at) & 0x3fU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return overlong || surrogate || code > 0x10ffff ? utf8_char{} : utf8_char{size, code};
}

/// Characters that change how the rest of a line looks.
bool is_deceptive(std::uint32_t code) {
  return (code >= 0x80 && code <= 0x9f) || code == 0x061c || (code >= 0x200b && code <= 0x200f)
         || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f)
         || code == 0xfeff;
}

void append_code(std::string& out, const char* format, unsigned value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), format, value);
  out += text.data();
}

} // namespace

std::string scrub_secrets(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t mark = mark_length(text.substr(at));
    if (mark == 0) {
      clean += text[at++];
      continue;
    }
    clean += text.substr(at, mark);
    at += mark;
    const std::size_t begin = at;
    while (at < text.size() && is_secret_char(text[at]))
      ++at;
    if (at > begin)
      clean += "***";
  }
  return clean;
}

std::string escape_for_log(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const utf8_char c = first_char(bytes.substr(at));
    const std::size_t size = std::max<std::size_t>(c.size, 1);
    if (c.size == 0)
      append_code(out, "\\x%02x", static_cast<std::uint8_t>(bytes[at]));
    else if (c.code == '\n')
      out += "\\n";
    else if (c.code == '\t')
      out += "\\t";
    else if (c.code < 0x20 || c.code == 0x7f)
      append_code(out, "\\x%02x", c.code);
    else if (is_deceptive(c.code))
      append_code(out, "\\u{%x}", c.code);
    else
      out += bytes.substr(at, size);
    at += size;
  }
  return out;
}

std::string log_text(std::string_view bytes) {
  return escape_for_log(scrub_secrets(bytes));
}

} // namespace ccapi::process
