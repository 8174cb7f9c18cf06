#pragma once
// app: the composition root. Constructs and connects the rooms, starts and stops them in order.

#include "config/load.hpp"

#include <functional>
#include <variant>
#include <vector>

namespace ccapi {

/// Reads all sources of configuration anew. Called on the main thread.
using config_loader = std::function<std::variant<config::loaded, std::vector<config::problem>>()>;

/// Runs the gateway until a signal ends it; SIGHUP takes over what `load_again` gives. `demo`: the
/// built-in simulator answers in place of the Claude CLI. Call once, from main.
/// Returns the process's exit code: 0 after a drain, 78 for a refused configuration, 1 for a
/// start-up failure (port taken, shim missing).
int run(const config::settings& settings, const config_loader& load_again, bool demo);

} // namespace ccapi
