#pragma once
// The JSON body of GET /stats.

#include "domain/metrics/metrics.hpp"
#include "domain/metrics/status.hpp"

#include <span>
#include <string>
#include <string_view>

namespace ccapi::status {

/// {cache, version}, the groups of domain::metrics(), and the details: recent, routes, models,
/// keys, rate_limits, process_list. Nothing is cached, which is what `cache` says. `routes`: names
/// of stats_details::routes; those without a name are left out. Pure.
std::string stats_body(const domain::stats& figures, std::string_view version,
                       std::span<const std::string_view> routes = {});

} // namespace ccapi::status
