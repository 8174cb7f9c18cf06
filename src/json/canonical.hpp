#pragma once
// canonical: one text for all JSON texts that say the same.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::json {

/// Nested arrays and objects that canonical() follows.
inline constexpr std::size_t canonical_depth_max = 128;
/// Scalars, arrays and objects of one text: sorting takes memory for each member.
inline constexpr std::size_t canonical_values_max = 100'000;

/// `text` without white space between tokens, the members of objects sorted by the bytes of their
/// names, and strings with as few escapes as append_string writes. Of a name that an object holds
/// twice the last one counts. Numbers are kept digit by digit, since 1.10 and 1e400 are nobody
/// else's to round. An escape of a lone surrogate becomes U+FFFD. Nothing if `text` is no JSON, is
/// no UTF-8, or goes beyond one of these limits. Pure; any thread.
std::optional<std::string> canonical(std::string_view text);

} // namespace ccapi::json
