#include "media/picture_end.hpp"

#include "media/bytes_at.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace ccapi::media {

using namespace std::string_view_literals;

namespace {

/// Chunk after chunk to IEND.
bool png_is_whole(std::string_view bytes) noexcept {
  constexpr std::size_t around = 12; // length, type and checksum
  std::size_t at = 8;
  bool shows = false;
  while (bytes.size() - at >= around) {
    const std::size_t length = big_endian(bytes, at, 4);
    const auto type = bytes.substr(at + 4, 4);
    if (length > bytes.size() - at - around)
      return false;
    if (type == "IEND"sv)
      return shows;
    shows = shows || type == "IDAT"sv;
    at += around + length;
  }
  return false;
}

/// Where what follows a segment's data begins; 0: the data is cut off.
std::size_t behind_blocks(std::string_view bytes, std::size_t at) noexcept {
  while (at < bytes.size()) {
    const auto length = byte_at(bytes, at);
    at += 1 + length;
    if (length == 0)
      return at;
  }
  return 0;
}

std::size_t color_table_bytes(std::uint32_t flags) noexcept {
  constexpr std::uint32_t given = 0x80;
  return (flags & given) != 0 ? 3U << ((flags & 7U) + 1) : 0;
}

struct gif_survey {
  bool whole = false;
  std::uint32_t longest = 0; ///< side of a frame
};

/// Whole: a frame at least, and every segment that begins. Some programs leave the trailer out.
gif_survey survey_gif(std::string_view bytes) noexcept {
  constexpr std::size_t head = 13;
  constexpr std::size_t frame_head = 10;
  gif_survey found;
  if (bytes.size() < head)
    return found;
  std::size_t at = head + color_table_bytes(byte_at(bytes, 10));
  bool shows = false;
  while (at != 0 && at < bytes.size()) {
    const auto segment = byte_at(bytes, at);
    if (segment == 0x21) {
      at = behind_blocks(bytes, at + 2);
    } else if (segment != 0x2c) { // the trailer, or whatever is behind a frame
      found.whole = shows;
      return found;
    } else if (bytes.size() - at < frame_head) {
      return found;
    } else {
      found.longest =
        std::max({found.longest, little_endian(bytes, at + 5, 2), little_endian(bytes, at + 7, 2)});
      at = behind_blocks(bytes, at + frame_head + color_table_bytes(byte_at(bytes, at + 9)) + 1);
      shows = at != 0;
    }
  }
  found.whole = shows && at == bytes.size();
  return found;
}

/// A scan has begun. Where its data ends nobody can tell: decoders, the CLI's too, do without the
/// marker of the end (measured).
bool jpeg_is_whole(std::string_view bytes) noexcept {
  const auto scan = bytes.find("\xff\xda"sv);
  constexpr std::size_t marker = 2;
  return scan != std::string_view::npos && bytes.size() - scan > marker + 2
         && bytes.size() - scan - marker >= big_endian(bytes, scan + marker, 2);
}

/// As long as it says.
bool webp_is_whole(std::string_view bytes) noexcept {
  return bytes.size() - 8 >= little_endian(bytes, 4, 4);
}

} // namespace

bool is_whole(std::string_view bytes) noexcept {
  if (bytes.starts_with("\x89PNG"sv))
    return png_is_whole(bytes);
  if (bytes.starts_with("GIF8"sv))
    return survey_gif(bytes).whole;
  if (bytes.starts_with("\xff\xd8"sv))
    return jpeg_is_whole(bytes);
  return bytes.starts_with("RIFF"sv) && webp_is_whole(bytes);
}

std::uint32_t longest_gif_frame(std::string_view bytes) noexcept {
  return survey_gif(bytes).longest;
}

} // namespace ccapi::media
