#pragma once
// What the gateway and its shim agree on: descriptor, signal, exit codes. Plain constants, so that
// the shim needs nothing else of the gateway.

#include <csignal>

namespace ccapi::process::shim {

/// Read end of the life pipe inside the shim. Its hang-up ends the tree; every byte on it stands
/// for restoring priority: the tree gets its usual priority back.
inline constexpr int life_fd = 3;

/// What the shim's second argument is for a tree that starts at a lower priority.
inline constexpr const char* unhurried = "unhurried";
/// How much nicer that is, where it can be undone: only with CAP_SYS_NICE or a limit (RLIMIT_NICE)
/// that allows it. Elsewhere it is SCHED_BATCH, which everybody may leave again.
inline constexpr int unhurried_nice = 10;

/// Ends the tree at once, by SIGKILL. Every other signal is passed on to the CLI's process group.
inline constexpr int kill_tree_signal = SIGUSR1;

/// From the polite SIGTERM after a hang-up to SIGKILL, in milliseconds.
inline constexpr long grace_ms = 200;

/// How long the shim goes on killing and reaping before it gives up on unkillable processes.
inline constexpr long reap_ms = 2000;

/// Exit codes of the shim that do not come from the CLI; the same as those of env(1). The reason
/// stands on stderr.
inline constexpr int exit_not_set_up = 125;   ///< no process or descriptor to be had; may pass
inline constexpr int exit_not_runnable = 126; ///< the program exists but can't be executed
inline constexpr int exit_not_found = 127;    ///< there is no such program

} // namespace ccapi::process::shim
