#include "openai/call_style.hpp"

#include "json/utf8.hpp"

#include <charconv>
#include <utility>

namespace ccapi::openai {

namespace {

constexpr std::size_t long_escape_bytes = 6; // \uXXXX

char short_escape(char letter) noexcept {
  switch (letter) {
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  default:
    return letter; // '"', '\\', '/'
  }
}

} // namespace

void custom_input::take(std::string_view json, std::string& text) {
  for (const char c : json) {
    switch (at_) {
    case place::ahead:
      if (c == '"')
        at_ = place::name;
      break;
    case place::name: // what it is does not matter: there is only one
      if (!escape_.empty())
        escape_.clear();
      else if (c == '\\')
        escape_ = c;
      else if (c == '"')
        at_ = place::colon;
      break;
    case place::colon:
      if (c == '"')
        at_ = place::text;
      else if (c == ',')
        at_ = place::ahead;
      break;
    case place::text:
      take_character(c, text);
      break;
    case place::behind:
      return;
    }
  }
}

void custom_input::take_character(char c, std::string& text) {
  if (escape_.empty()) {
    if (c == '\\') {
      escape_ = c;
      return;
    }
    if (std::exchange(high_, 0) != 0)
      json::append_code_point(text, 0xfffd);
    if (c == '"')
      at_ = place::behind;
    else
      text += c;
    return;
  }
  escape_ += c;
  if (escape_[1] != 'u') {
    take_unit(static_cast<unsigned char>(short_escape(c)), text);
  } else if (escape_.size() == long_escape_bytes) {
    unsigned unit = 0;
    std::from_chars(escape_.data() + 2, escape_.data() + long_escape_bytes, unit, 16);
    take_unit(unit, text);
  } else {
    return; // more of it comes
  }
  escape_.clear();
}

void custom_input::take_unit(char32_t unit, std::string& text) {
  const auto high = std::exchange(high_, 0);
  if (high != 0 && unit >= 0xdc00 && unit < 0xe000)
    return json::append_code_point(text, 0x10000 + ((high - 0xd800) << 10U) + (unit - 0xdc00));
  if (high != 0)
    json::append_code_point(text, high); // alone: U+FFFD
  if (unit >= 0xd800 && unit < 0xdc00)
    high_ = unit;
  else
    json::append_code_point(text, unit);
}

} // namespace ccapi::openai
