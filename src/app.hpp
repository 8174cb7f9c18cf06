#pragma once
// app: the composition root. Constructs and connects the rooms, starts and stops them in order.

#include "config/settings.hpp"

namespace ccapi {

/// Runs the gateway until a signal ends it. Call once, from main. `demo`: the built-in simulator
/// answers in place of the Claude CLI.
/// Returns the process's exit code: 0 after a drain, 78 for a refused configuration, 1 for a
/// start-up failure (port taken, shim missing).
int run(const config::settings& settings, bool demo);

} // namespace ccapi
