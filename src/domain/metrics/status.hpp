#pragma once
// What /health tells.

#include <cstdint>
#include <string>

namespace ccapi::domain {

enum class health_state : std::uint8_t { ok, degraded, draining };

/// How the gateway fares. `reason` is one clear paragraph for a person (empty when ok): what is
/// wrong and what to do. Safe to show to a local user, holds no secret.
struct health {
  health_state state = health_state::ok;
  std::string reason;
  std::string cli_path;    ///< empty when there is none
  std::string cli_version; ///< "2.1.330"; empty when unknown
  bool demo = false;       ///< the built-in simulator answers; cli_path is then our own

  friend bool operator==(const health&, const health&) = default;
};

} // namespace ccapi::domain
