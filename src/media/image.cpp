#include "media/image.hpp"

#include "media/base64.hpp"
#include "media/bytes_at.hpp"
#include "media/picture_end.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ccapi::media {

using namespace std::string_view_literals;

namespace {

constexpr std::array<std::string_view, 4> types{"image/png", "image/jpeg", "image/gif",
                                                "image/webp"};

std::optional<image_size> png_size(std::string_view bytes) noexcept {
  constexpr std::size_t head = 24;
  if (bytes.size() < head || bytes.substr(12, 4) != "IHDR")
    return std::nullopt;
  return image_size{big_endian(bytes, 16, 4), big_endian(bytes, 20, 4)};
}

std::optional<image_size> gif_size(std::string_view bytes) noexcept {
  constexpr std::size_t head = 10;
  if (bytes.size() < head)
    return std::nullopt;
  return image_size{little_endian(bytes, 6, 2), little_endian(bytes, 8, 2)};
}

/// In the first segment that begins a frame.
std::optional<image_size> jpeg_size(std::string_view bytes) noexcept {
  constexpr std::size_t frame_bytes = 9; // from the marker to the width
  std::size_t at = 2;
  while (at + frame_bytes <= bytes.size() && byte_at(bytes, at) == 0xff) {
    const auto marker = byte_at(bytes, at + 1);
    const bool frame =
      marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame)
      return image_size{big_endian(bytes, at + 7, 2), big_endian(bytes, at + 5, 2)};
    if (marker == 0xff) {
      ++at; // fill byte
    } else if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2; // stands alone
    } else {
      const auto length = big_endian(bytes, at + 2, 2);
      if (length < 2 || marker == 0xd9 || marker == 0xda)
        return std::nullopt;
      at += 2 + length;
    }
  }
  return std::nullopt;
}

std::optional<image_size> webp_size(std::string_view bytes) noexcept {
  constexpr std::size_t head = 30;
  if (bytes.size() < head)
    return std::nullopt;
  const auto kind = bytes.substr(12, 4);
  if (kind == "VP8X")
    return image_size{little_endian(bytes, 24, 3) + 1, little_endian(bytes, 27, 3) + 1};
  if (kind == "VP8L" && byte_at(bytes, 20) == 0x2f) {
    const auto bits = little_endian(bytes, 21, 4);
    return image_size{(bits & 0x3fffU) + 1, ((bits >> 14U) & 0x3fffU) + 1};
  }
  if (kind == "VP8 " && bytes.substr(23, 3) == "\x9d\x01\x2a"sv)
    return image_size{little_endian(bytes, 26, 2) & 0x3fffU, little_endian(bytes, 28, 2) & 0x3fffU};
  return std::nullopt;
}

domain::error refusal(std::string rule) {
  return {
    .code = domain::error_code::invalid_request, .message = std::move(rule), .retry_useful = false};
}

/// What the CLI passes on byte by byte.
constexpr std::uint32_t whole_pixels_max = 2000;
constexpr std::size_t whole_base64_max = 680'000;
/// Larger GIFs some versions of the CLI can't make smaller: the model would be told a text instead.
constexpr std::size_t gif_base64_max = std::size_t{5} << 20;

domain::hash128 hash_of(std::string_view bytes) {
  const auto hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  for (auto& each : lower)
    if (each >= 'A' && each <= 'Z')
      each = static_cast<char>(each - 'A' + 'a');
  return lower;
}

struct data_url {
  std::string type;     ///< in lower case; of JPEGs the right one
  std::string encoding; ///< the last parameter, in lower case
  std::string_view data;
};

/// As RFC 2397 has it; nothing: another kind of URL.
std::optional<data_url> split(std::string_view url) {
  constexpr std::size_t head_max = 256; // of a type and its parameters, generously
  constexpr std::string_view scheme = "data:";
  if (in_lower_case(url.substr(0, scheme.size())) != scheme)
    return std::nullopt;
  url.remove_prefix(scheme.size());
  const auto comma = url.substr(0, head_max).find(',');
  if (comma == std::string_view::npos)
    return data_url{};
  const auto head = url.substr(0, comma);
  const auto last = head.rfind(';');
  data_url parts{.type = in_lower_case(head.substr(0, head.find(';'))),
                 .encoding = last == std::string_view::npos ? std::string{}
                                                            : in_lower_case(head.substr(last + 1)),
                 .data = url.substr(comma + 1)};
  if (parts.type == "image/jpg")
    parts.type = "image/jpeg"; // a frequent slip
  return parts;
}

} // namespace

std::string_view type_of(std::string_view bytes) noexcept {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv))
    return "image/png";
  if (bytes.starts_with("\xff\xd8\xff"sv))
    return "image/jpeg";
  if (bytes.starts_with("GIF87a"sv) || bytes.starts_with("GIF89a"sv))
    return "image/gif";
  if (bytes.starts_with("RIFF"sv) && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP"sv)
    return "image/webp";
  return {};
}

std::optional<image_size> size_of(std::string_view bytes) noexcept {
  const auto type = type_of(bytes);
  const auto size = type == "image/png"    ? png_size(bytes)
                    : type == "image/jpeg" ? jpeg_size(bytes)
                    : type == "image/gif"  ? gif_size(bytes)
                    : type == "image/webp" ? webp_size(bytes)
                                           : std::nullopt;
  if (size && (size->width == 0 || size->height == 0))
    return std::nullopt;
  return size;
}

bool is_sound(const domain::image_block& image) {
  const auto bytes = decoded(*image.base64);
  return bytes && !image.media_type.empty() && type_of(*bytes) == image.media_type
         && hash_of(*bytes) == image.hash;
}

domain::result<picture> read_data_url(std::string_view url, const image_limits& limits) {
  const auto parts = split(url);
  if (!parts)
    return domain::error{.code = domain::error_code::unsupported_parameter,
                         .message = "only pictures in data: URLs can be taken here",
                         .retry_useful = false};
  const auto& [type, encoding, base64] = *parts;
  if (encoding != "base64")
    return refusal("must be a data: URL in base64");
  if (std::find(types.begin(), types.end(), type) == types.end())
    return refusal("must be of type image/png, image/jpeg, image/gif or image/webp");
  if (base64.size() > limits.base64_bytes_max)
    return refusal("must not be larger than " + std::to_string(limits.base64_bytes_max)
                   + " bytes of base64 (limits.image_bytes_max)");
  const auto bytes = decoded(base64);
  if (!bytes)
    return refusal("is not valid base64 (standard alphabet, with padding, no line breaks)");
  if (type_of(*bytes) != type)
    return refusal("its bytes are not those of " + type);
  const auto size = size_of(*bytes);
  if (!size)
    return refusal("its head is damaged");
  const bool is_gif = type == "image/gif";
  const auto longest =
    std::max({size->width, size->height, is_gif ? longest_gif_frame(*bytes) : 0U});
  if (longest > limits.pixels_max)
    return refusal("must not be larger than " + std::to_string(limits.pixels_max)
                   + " pixels per side (limits.image_pixels_max)");
  if (is_gif && (longest > whole_pixels_max || base64.size() > gif_base64_max))
    return refusal("a GIF must not be larger than 2000 pixels per side and 5 MiB of base64");
  if (!is_whole(*bytes))
    return refusal("is cut off: its end is missing");
  return picture{.block = {.media_type = type,
                           .base64 = std::make_shared<const std::string>(base64),
                           .hash = hash_of(*bytes)},
                 .rescaled = longest > whole_pixels_max || base64.size() > whole_base64_max};
}

} // namespace ccapi::media
