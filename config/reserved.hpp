#pragma once
// Keys of configurations written for the original program that are no keys here.

#include <cstdint>
#include <string_view>

namespace ccapi::config {

enum class reserved_key : std::uint8_t {
  /// Not one of them.
  none,
  /// Without effect; start-up goes on and names them.
  inactive,
  /// Would restrict access: start-up must not pretend to honour a value.
  security,
};

reserved_key reserved_kind(std::string_view name) noexcept;

/// All of them for the documentation: "database.*".
std::string_view reserved_names(reserved_key kind) noexcept;

} // namespace ccapi::config
