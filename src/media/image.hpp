#pragma once
// image: checks pictures before anybody is asked to look at them. Pure; any thread.

#include "domain/content.hpp"
#include "domain/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ccapi::media {

struct image_limits {
  std::size_t base64_bytes_max = std::size_t{10} << 20;
  std::uint32_t pixels_max = 8000; ///< per side
};

struct image_size {
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  friend bool operator==(const image_size&, const image_size&) = default;
};

/// "image/png", "image/jpeg", "image/gif" or "image/webp", by the first bytes; empty for others.
std::string_view type_of(std::string_view bytes) noexcept;

/// What the head of such a picture says; nothing if it is cut off or garbled.
std::optional<image_size> size_of(std::string_view bytes) noexcept;

/// Its bytes are of its type and have its hash; whatever made it.
bool is_sound(const domain::image_block& image);

/// A picture as it was checked.
struct picture {
  domain::image_block block;
  /// The CLI makes it smaller before the API sees it: beyond 2000 pixels a side or about 680 kB of
  /// base64 (measured with 2.1.197 to 2.1.332).
  bool rescaled = false;
};

// Both fail with invalid_request: another type of picture, too large, no base64, not what it is
// said to be. `message` goes on behind the name of a field; `param` is left to the caller.

/// A picture in a data: URL.
domain::result<picture> read_data_url(std::string_view url, const image_limits& limits);
/// Of any of the types; at most 1 GiB.
domain::result<picture> read_picture(std::string_view bytes, const image_limits& limits);

/// By the names that a request gave them.
using loaded_pictures = std::unordered_map<std::string, domain::result<picture>>;

} // namespace ccapi::media
