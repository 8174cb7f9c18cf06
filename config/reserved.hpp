#pragma once
// Keys of existing configurations that this version knows but does not act on.

#include <cstdint>
#include <string_view>

namespace ccapi::config {

enum class reserved_key : std::uint8_t {
  /// Not one of them.
  none,
  /// Without effect; start-up goes on with a warning.
  inactive,
  /// Would restrict or open access: start-up must not pretend to honour a value.
  security,
};

reserved_key reserved_kind(std::string_view name) noexcept;

/// All of them for the documentation, "mcp.enabled", "auth.*".
std::string_view reserved_names(reserved_key kind) noexcept;

} // namespace ccapi::config
