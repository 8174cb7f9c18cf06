#pragma once
// base64: as RFC 4648, section 4 has it. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>

namespace ccapi::media {

/// The bytes; nothing if the text is not base64 with its padding, or has anything else in it.
std::optional<std::string> decoded(std::string_view base64);

std::string encoded(std::string_view bytes);

} // namespace ccapi::media
