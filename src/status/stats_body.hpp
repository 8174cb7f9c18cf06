#pragma once
// The JSON body of GET /stats.

#include "domain/metrics/metrics.hpp"
#include "domain/metrics/status.hpp"

#include <string>
#include <string_view>

namespace ccapi::status {

/// The groups of domain::metrics(); the first, "cache", begins with {total_entries, total_hits,
/// enabled}, and "version" follows it. Pure.
std::string stats_body(const domain::stats& figures, std::string_view version, bool cache_enabled);

} // namespace ccapi::status
