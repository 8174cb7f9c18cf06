#include "domain/ids.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <sys/random.h>

namespace ccapi::domain {

namespace {

using bytes16 = std::array<unsigned char, 16>;

/// The kernel's random bytes, ahead of their use: a call for each id would cost more than the id.
/// Nothing is derived from them, and what has been given out is wiped: ids are as hard to guess as
/// the kernel's source, whatever leaks later. Nobody forks and goes on making ids: children exec.
/// Any thread.
class random_stock {
public:
  bytes16 take() {
    const std::lock_guard lock{mutex_};
    if (used_ == bytes_.size()) {
      fill_random(bytes_.data(), bytes_.size());
      used_ = 0;
    }
    bytes16 taken{};
    const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(used_);
    std::copy_n(from, taken.size(), taken.begin());
    std::fill_n(from, taken.size(), static_cast<unsigned char>(0));
    used_ += taken.size();
    return taken;
  }

private:
  static constexpr std::size_t ids = 256;
  std::mutex mutex_; // guards the rest, for some tens of instructions and rarely a system call
  std::array<unsigned char, ids * sizeof(bytes16)> bytes_{};
  std::size_t used_ = bytes_.size();
};

constinit random_stock stock;

bytes16 random_bytes() {
  return stock.take();
}

/// The two lower-case digits of each byte.
constexpr auto hex_pairs = [] {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte)
    table[byte] = {digits[byte >> 4], digits[byte & 15]};
  return table;
}();

char* put_hex(unsigned char byte, char* at) noexcept {
  return std::copy_n(hex_pairs[byte].begin(), 2, at);
}

constexpr bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Letters, digits and these.
constexpr std::array<bool, 256> alphanumeric_and(std::string_view others) noexcept {
  std::array<bool, 256> set{};
  for (std::size_t byte = 0; byte < 128; ++byte)
    set[byte] = is_alphanumeric(static_cast<char>(byte));
  for (const char c : others)
    set[static_cast<unsigned char>(c)] = true;
  return set;
}

bool all_in(const std::array<bool, 256>& set, std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return set[static_cast<unsigned char>(c)]; });
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
  std::array<char, 32> text{};
  auto* at = text.data();
  for (const auto byte : random_bytes())
    at = put_hex(byte, at);
  return {text.data(), text.size()};
}

std::string random_uuid() {
  auto bytes = random_bytes();
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40); // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80); // RFC 4122 variant
  std::array<char, 36> text{};
  auto* at = text.data();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      *at++ = '-';
    at = put_hex(bytes[i], at);
  }
  return {text.data(), text.size()};
}

bool is_minted_conversation_id(std::string_view id) noexcept {
  constexpr std::string_view prefix = "conv_";
  constexpr std::size_t digits = 32;
  return id.size() == prefix.size() + digits && id.starts_with(prefix)
         && std::all_of(id.begin() + prefix.size(), id.end(),
                        [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_valid_conversation_id(std::string_view id) noexcept {
  static constexpr auto allowed = alphanumeric_and("._-");
  return !id.empty() && id.size() <= name_bytes_max && all_in(allowed, id);
}

bool is_safe_argument(std::string_view value) noexcept {
  static constexpr auto allowed = alphanumeric_and("._:@/[]-");
  return !value.empty() && value.size() <= name_bytes_max && is_alphanumeric(value.front())
         && all_in(allowed, value);
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
