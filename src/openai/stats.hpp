#pragma once
// The JSON bodies of GET /stats and of the verbose GET /health.

#include "domain/metrics.hpp"
#include "domain/status.hpp"

#include <string>
#include <string_view>

namespace ccapi::openai {

/// "ok", "degraded", "draining".
std::string_view to_string(domain::health_state state) noexcept;

/// {cache, version}, and the groups of domain::metrics(). Nothing is cached, which is what `cache`
/// says. Pure.
std::string stats_body(const domain::stats& figures, std::string_view version);

/// {status, reason, version, cli:{path, version}}; what is unknown is null. Pure.
std::string health_body(const domain::health& health, std::string_view version);

} // namespace ccapi::openai
