#include "media/base64.hpp"

#include <array>
#include <cstdint>
#include <openssl/evp.h>

namespace ccapi::media {

namespace {

constexpr std::uint8_t none = 64;

constexpr auto values = [] {
  constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> table{};
  table.fill(none);
  for (std::size_t value = 0; value < alphabet.size(); ++value)
    table[static_cast<unsigned char>(alphabet[value])] = static_cast<std::uint8_t>(value);
  return table;
}();

} // namespace

std::optional<std::string> decoded(std::string_view base64) {
  constexpr std::size_t group = 4;
  if (base64.size() % group != 0)
    return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && base64.ends_with('=')) {
    base64.remove_suffix(1);
    ++padding;
  }
  std::string bytes;
  bytes.reserve(base64.size() / group * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0; // of the bits that wait
  for (const char c : base64) {
    const auto value = values[static_cast<unsigned char>(c)];
    if (value == none)
      return std::nullopt;
    bits = (bits << 6U) | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>((bits >> count) & 0xffU);
    }
  }
  if ((bits & ((1U << count) - 1)) != 0)
    return std::nullopt; // two texts for the same bytes
  return bytes;
}

std::string encoded(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0'); // it writes a NUL behind
  const auto written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                       static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(written));
  return text;
}

} // namespace ccapi::media
