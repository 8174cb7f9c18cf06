#pragma once
// bytes_at: numbers within the bytes of a picture. Internal to this room.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ccapi::media {

// All of bytes that are there.

inline std::uint32_t byte_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<unsigned char>(bytes[at]);
}

inline std::uint32_t big_endian(std::string_view bytes, std::size_t at,
                                std::size_t count) noexcept {
  std::uint32_t value = 0;
  for (std::size_t index = 0; index < count; ++index)
    value = (value << 8U) | byte_at(bytes, at + index);
  return value;
}

inline std::uint32_t little_endian(std::string_view bytes, std::size_t at,
                                   std::size_t count) noexcept {
  std::uint32_t value = 0;
  for (std::size_t index = count; index-- > 0;)
    value = (value << 8U) | byte_at(bytes, at + index);
  return value;
}

} // namespace ccapi::media
