#include "config/reload.hpp"

#include "config/schema.hpp"

namespace ccapi::config {

reload_plan plan_reload(const settings& now, const settings& wanted) {
  reload_plan plan{.values = wanted, .changed = {}, .need_restart = {}};
  const auto note = [](std::string& names, std::string_view name) {
    names.append(names.empty() ? "" : ", ").append(name);
  };
  bool keys_named = false;
  for (const auto& row : keys()) {
    const auto before = row.get(now);
    if (before == row.get(wanted))
      continue;
    note(row.reloadable ? plan.changed : plan.need_restart, row.name);
    keys_named = keys_named || row.name == "auth.keys" || row.name == "auth.api_keys";
    if (!row.reloadable)
      row.set(plan.values, before);
  }
  // A file or variable may hold another key than before.
  if (!keys_named && now.auth.accepted != wanted.auth.accepted)
    note(plan.changed, "auth.keys");
  return plan;
}

} // namespace ccapi::config
