#include "claude/api_words.hpp"

#include "json/utf8.hpp"

#include <simdjson.h>

#include <cctype>

namespace ccapi::claude {

namespace {

constexpr std::size_t quoted_max = 400;

template <class... Words>
bool has_any(std::string_view text, Words... words) {
  return ((text.find(words) != std::string_view::npos) || ...);
}

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

} // namespace

std::string_view cut(std::string_view text, std::size_t size_max) {
  if (text.size() <= size_max)
    return text;
  auto size = size_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U)
    --size; // not inside a UTF-8 sequence
  return text.substr(0, size);
}

bool may_tell_internals(std::string_view text) {
  if (has_any(text, "://", "::", "\\", "localhost", "@"))
    return true;
  int dotted_numbers = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char before = i > 0 ? text[i - 1] : ' ';
    const char after = i + 1 < text.size() ? text[i + 1] : ' ';
    const bool word_before = std::isalnum(static_cast<unsigned char>(before)) != 0;
    if (static_cast<unsigned char>(text[i]) < 0x20)
      return true;
    if (text[i] == '/' && (!word_before || text.find('/', i + 1) != std::string_view::npos))
      return true;
    if (text[i] == ':' && word_before && is_digit(after))
      return true;
    if (text[i] == '.' && is_digit(before) && is_digit(after)) {
      if (++dotted_numbers == 3)
        return true;
    } else if (!is_digit(text[i])) {
      dotted_numbers = 0;
    }
  }
  return false;
}

std::string api_words(std::string_view text, std::int64_t status) {
  const auto marker = "API Error: " + std::to_string(status) + ' ';
  const auto found = text.find(marker);
  if (found == std::string_view::npos)
    return {};
  std::string words{text.substr(found + marker.size())};
  if (words.starts_with('{')) {
    simdjson::dom::parser parser;
    std::string_view message;
    if (parser.parse(words)["error"]["message"].get(message) != simdjson::SUCCESS)
      return {};
    words = json::repaired(message); // escapes of lone surrogates are no UTF-8
  }
  words.resize(cut(words, quoted_max).size());
  return may_tell_internals(words) ? std::string{} : words;
}

} // namespace ccapi::claude
