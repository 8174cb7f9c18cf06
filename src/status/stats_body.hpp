#pragma once
// The JSON body of GET /stats.

#include "domain/metrics/metrics.hpp"
#include "domain/metrics/status.hpp"

#include <string>
#include <string_view>

namespace ccapi::status {

/// {cache, version}, and the groups of domain::metrics(). Nothing is cached, which is what `cache`
/// says. Pure.
std::string stats_body(const domain::stats& figures, std::string_view version);

} // namespace ccapi::status
