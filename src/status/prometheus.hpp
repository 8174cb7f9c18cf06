#pragma once
// The body of GET /metrics: the figures in Prometheus's text format, version 0.0.4.

#include "domain/metrics/metrics.hpp"
#include "domain/metrics/status.hpp"

#include <span>
#include <string>
#include <string_view>

namespace ccapi::status {

inline constexpr std::string_view prometheus_type = "text/plain; version=0.0.4; charset=utf-8";

/// What is told beside the figures.
struct exposed_facts {
  std::string_view version; ///< of the gateway
  const domain::health& health;
  /// Names of stats_details::routes; those without a name are left out.
  std::span<const std::string_view> routes{};
};

/// Names begin with ccapi_; units are seconds, bytes and US dollars. Labels have few values:
/// states, statuses, codes, routes, models and limits of the account, but nothing of clients or
/// their keys. Pure.
std::string prometheus_text(const domain::stats& figures, const exposed_facts& facts);

} // namespace ccapi::status
