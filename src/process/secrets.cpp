#include "process/secrets.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

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

} // namespace ccapi::process
