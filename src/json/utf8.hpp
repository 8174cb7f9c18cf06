#pragma once
// UTF-8: checking it, and mending what is broken. Pure; any thread.

#include <cstddef>
#include <string>
#include <string_view>

namespace ccapi::json {

/// True for well-formed UTF-8 (RFC 3629: shortest forms only, no surrogates, up to U+10FFFF).
bool is_valid(std::string_view text) noexcept;

/// Offset of the first byte that is part of no well-formed sequence; text.size() if there is none.
std::size_t first_invalid(std::string_view text) noexcept;

/// Appends one code point; a surrogate or a number beyond U+10FFFF as U+FFFD.
void append_code_point(std::string& text, char32_t code_point);

/// A copy in which every maximal ill-formed subpart became one U+FFFD (Unicode, section 3.9).
std::string repaired(std::string_view text);

} // namespace ccapi::json
