#pragma once
// Which versions of the Claude CLI this gateway speaks with.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::claude {

struct version {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;

  friend auto operator<=>(const version&, const version&) = default;
};

/// Older ones lack what we need, or were never measured.
inline constexpr version oldest_supported{2, 1, 197};
/// Newer ones may work; they were not measured.
inline constexpr version newest_tested{2, 1, 332};

enum class support : std::uint8_t { supported, too_old, untested_newer };

/// Reads "2.1.330", "2.1.330 (Claude Code)\n", "2.1.330-beta.1". nullopt for anything else.
std::optional<version> parse_version(std::string_view text);

/// "2.1.330"
std::string to_string(const version& which);

support check(const version& which) noexcept;

/// Whether rewind_conversation takes back user messages that no answer comes ahead of, too: the
/// first one, seeded or not. Measured: 2.1.330 does, 2.1.197 does not.
bool rewinds_to_nothing(const version& which) noexcept;

} // namespace ccapi::claude
