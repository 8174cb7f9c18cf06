#pragma once
// The JSON body of the verbose GET /health, and the word that the terse one says.

#include "domain/metrics/status.hpp"

#include <string>
#include <string_view>

namespace ccapi::status {

/// "ok", "degraded", "draining".
std::string_view to_string(domain::health_state state) noexcept;

/// {status, reason, version, cli:{path, version}}; what is unknown is null. Pure.
std::string health_body(const domain::health& health, std::string_view version);

} // namespace ccapi::status
