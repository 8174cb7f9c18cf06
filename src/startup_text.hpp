#pragma once
// What a person sees when the gateway has started.

#include "config/settings.hpp"
#include "domain/status.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ccapi {

/// Several lines, ready to print: where it listens, which CLI answers, what it may do, the limits,
/// and a command to try.
std::string startup_text(std::string_view version, const std::vector<std::string>& addresses,
                         const domain::health& health, const config::settings& settings);

} // namespace ccapi
