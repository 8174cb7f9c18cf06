#pragma once
// Finds the key that a mistyped name probably meant.

#include <string_view>

namespace ccapi::config {

/// The known key closest to `name`; empty if none is close enough to be worth suggesting.
std::string_view nearest_key(std::string_view name);

} // namespace ccapi::config
