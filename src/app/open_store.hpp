#pragma once
// open_store: where conversations are kept, if anywhere.

#include "config/settings.hpp"
#include "domain/result.hpp"
#include "domain/store/store.hpp"

#include <functional>
#include <memory>
#include <string>

namespace ccapi {

/// The store's file: store.path, else one in the first of $STATE_DIRECTORY, $XDG_STATE_HOME and
/// ~/.local/state that there is. Empty: there is none of them. `variable` gives an environment
/// variable, null if it is not set. Pure.
std::string store_path(const config::store_settings& settings,
                       const std::function<const char*(const char*)>& variable);

/// Null: conversations are kept in memory only, because the configuration says so, or for want of a
/// place. Blocks. Fails where a file must not be used: see sqlite_store::open.
domain::result<std::unique_ptr<domain::store>> open_store(const config::store_settings& settings,
                                                          const std::string& path);

} // namespace ccapi
