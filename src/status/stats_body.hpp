#pragma once
// The JSON body of GET /stats.

#include "domain/metrics/metrics.hpp"
#include "domain/metrics/status.hpp"

#include <span>
#include <string>
#include <string_view>

namespace ccapi::status {

/// The groups of domain::metrics(), the first of which, "cache", begins with {total_entries,
/// total_hits, enabled}, and is followed by "version"; then the details: recent, routes, models,
/// keys, rate_limits, process_list. `routes`: names of stats_details::routes; those without a name
/// are left out. Pure.
std::string stats_body(const domain::stats& figures, std::string_view version, bool cache_enabled,
                       std::span<const std::string_view> routes = {});

} // namespace ccapi::status
