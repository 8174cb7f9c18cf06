#pragma once
// What of a configuration that was read anew can be taken over while the program runs. Pure.

#include "config/settings.hpp"

#include <string>

namespace ccapi::config {

struct reload_plan {
  /// The wanted settings, but for keys that need a restart: those are as they were.
  settings values;
  /// Names of the keys that change now, "log.level, retry.attempts"; empty if none.
  std::string changed;
  /// Names of the keys that would change at the next start.
  std::string need_restart;
};

reload_plan plan_reload(const settings& now, const settings& wanted);

} // namespace ccapi::config
