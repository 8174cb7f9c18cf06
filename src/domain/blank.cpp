#include "domain/blank.hpp"

#include <array>
#include <cstddef>

namespace ccapi::domain {

namespace {

/// Of the white space at the start of `text`, the first character's bytes; 0: it starts otherwise.
std::size_t leading_space(std::string_view text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80)
    return first == ' ' || (first >= 0x09 && first <= 0x0d) || (first >= 0x1c && first <= 0x1f) ? 1
                                                                                                : 0;
  constexpr std::array spaces{
    std::string_view{"\xc2\x85"},     std::string_view{"\xc2\xa0"},     // next line, no-break
    std::string_view{"\xe1\x9a\x80"},                                   // ogham
    std::string_view{"\xe2\x80\xa8"}, std::string_view{"\xe2\x80\xa9"}, // line, paragraph
    std::string_view{"\xe2\x80\xaf"}, std::string_view{"\xe2\x81\x9f"}, // narrow, mathematical
    std::string_view{"\xe3\x80\x80"}, std::string_view{"\xef\xbb\xbf"}, // ideographic, JavaScript's
  };
  for (const auto space : spaces)
    if (text.starts_with(space))
      return space.size();
  // U+2000 to U+200A: of typographic widths
  const bool wide = text.starts_with("\xe2\x80") && text.size() > 2
                    && static_cast<unsigned char>(text[2]) >= 0x80
                    && static_cast<unsigned char>(text[2]) <= 0x8a;
  return wide ? 3 : 0;
}

} // namespace

bool is_blank(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto size = leading_space(text);
    if (size == 0)
      return false;
    text.remove_prefix(size);
  }
  return true;
}

} // namespace ccapi::domain
