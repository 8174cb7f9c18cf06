#pragma once
// picture_end: whether a picture is there to its end. Internal to this room.

#include <cstdint>
#include <string_view>

namespace ccapi::media {

/// `bytes`: of one of the four types, with a sound head. False: it is cut off, as far as its type
/// lets that be told without decoding it. What stands behind its end is not looked at.
bool is_whole(std::string_view bytes) noexcept;

/// The longest side of a GIF's frames: they may be larger than the screen that its head names.
std::uint32_t longest_gif_frame(std::string_view bytes) noexcept;

} // namespace ccapi::media
