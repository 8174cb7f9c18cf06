#include "media/image.hpp"

#include "media/base64.hpp"
#include "media/bytes_at.hpp"
#include "media/data_url.hpp"
#include "media/hash_of.hpp"
#include "media/picture_end.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#define XXH_INLINE_ALL

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

constexpr auto other_type = "must be of type image/png, image/jpeg, image/gif or image/webp";

domain::error too_large(const image_limits& limits) {
  return refusal("must not be larger than " + std::to_string(limits.base64_bytes_max)
                 + " bytes of base64 (limits.image_bytes_max)");
}

/// `bytes`: of one of the types, and `base64` the same.
domain::result<picture> checked(std::string_view bytes, std::string&& base64,
                                const image_limits& limits) {
  const auto size = size_of(bytes);
  if (!size)
    return refusal("its head is damaged");
  const auto type = type_of(bytes);
  const bool is_gif = type == "image/gif";
  const auto longest =
    std::max({size->width, size->height, is_gif ? longest_gif_frame(bytes) : 0U});
  if (longest > limits.pixels_max)
    return refusal("must not be larger than " + std::to_string(limits.pixels_max)
                   + " pixels per side (limits.image_pixels_max)");
  if (is_gif && (longest > whole_pixels_max || base64.size() > gif_base64_max))
    return refusal("a GIF must not be larger than 2000 pixels per side and 5 MiB of base64");
  if (!is_whole(bytes))
    return refusal("is cut off: its end is missing");
  const bool rescaled = longest > whole_pixels_max || base64.size() > whole_base64_max;
  return picture{.block = {.media_type = std::string{type},
                           .base64 = std::make_shared<const std::string>(std::move(base64)),
                           .hash = hash_of(bytes)},
                 .rescaled = rescaled};
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
  const auto parts = split_data_url(url);
  if (!parts || parts->encoding != "base64")
    return refusal("must be a data: URL in base64");
  constexpr auto frequent_slip = "image/jpg"sv;
  const auto type = parts->type == frequent_slip ? "image/jpeg"sv : std::string_view{parts->type};
  const auto base64 = parts->data;
  if (std::find(types.begin(), types.end(), type) == types.end())
    return refusal(other_type);
  if (base64.size() > limits.base64_bytes_max)
    return too_large(limits);
  const auto bytes = decoded(base64);
  if (!bytes)
    return refusal("is not valid base64 (standard alphabet, with padding, no line breaks)");
  if (type_of(*bytes) != type)
    return refusal("its bytes are not those of " + std::string{type});
  return checked(*bytes, std::string{base64}, limits);
}

domain::result<picture> read_picture(std::string_view bytes, const image_limits& limits) {
  if (bytes.size() > limits.base64_bytes_max / 4 * 3)
    return too_large(limits);
  if (type_of(bytes).empty())
    return refusal(other_type);
  return checked(bytes, encoded(bytes), limits);
}

} // namespace ccapi::media
