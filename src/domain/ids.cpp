#include "domain/ids.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sys/random.h>

namespace ccapi::domain {

namespace {

using bytes16 = std::array<unsigned char, 16>;

bytes16 random_bytes() {
  bytes16 bytes{};
  fill_random(bytes.data(), bytes.size());
  return bytes;
}

constexpr char hex_digits[] = "0123456789abcdef";

bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_one_of(char c, std::string_view set) noexcept {
  return set.find(c) != std::string_view::npos;
}

constexpr std::size_t name_bytes_max = 128;

} // namespace

void fill_random(unsigned char* buffer, std::size_t size) {
  std::size_t have = 0;
  while (have < size) {
    const auto got = getrandom(buffer + have, size - have, 0);
    if (got > 0)
      have += static_cast<std::size_t>(got);
    else if (errno != EINTR)
      std::abort(); // no entropy source: guessable ids would be worse than no gateway
  }
}

std::string random_hex_128() {
  std::string text;
  text.reserve(32);
  for (const auto byte : random_bytes()) {
    text += hex_digits[byte >> 4];
    text += hex_digits[byte & 15];
  }
  return text;
}

std::string random_uuid() {
  auto bytes = random_bytes();
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40); // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80); // RFC 4122 variant
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      text += '-';
    text += hex_digits[bytes[i] >> 4];
    text += hex_digits[bytes[i] & 15];
  }
  return text;
}

bool is_valid_conversation_id(std::string_view id) noexcept {
  if (id.empty() || id.size() > name_bytes_max)
    return false;
  for (const char c : id)
    if (!is_alphanumeric(c) && !is_one_of(c, "._-"))
      return false;
  return true;
}

bool is_safe_argument(std::string_view value) noexcept {
  if (value.empty() || value.size() > name_bytes_max || !is_alphanumeric(value.front()))
    return false;
  for (const char c : value)
    if (!is_alphanumeric(c) && !is_one_of(c, "._:@/[]-"))
      return false;
  return true;
}

bool is_safe_request_id(std::string_view id) noexcept {
  if (id.empty() || id.size() > name_bytes_max)
    return false;
  for (const char c : id)
    if (c < '!' || c > '~')
      return false;
  return true;
}

} // namespace ccapi::domain
