#pragma once
// simulator: the demo's stand-in for the Claude CLI. The same binary, started by the gateway with a
// hidden first argument; speaks the CLI's protocol on stdin and stdout and asks nobody.

#include <string_view>

namespace ccapi::simulator {

/// argv[1] that makes the program the simulator; the CLI's own arguments follow. Not a flag, so
/// that no mistyped flag leads here.
inline constexpr std::string_view first_argument = "run-cli-simulator";

/// The version whose dialect is spoken. No Claude Code CLI is involved.
inline constexpr const char* dialect_version = "2.1.330";
/// The model that answers claim to be from.
inline constexpr const char* model_name = "demo";

/// The whole program, from its arguments (argv[2..] are the CLI's) to its exit code. `--version`
/// prints the version whose protocol is spoken. Ends with 0 at the end of its input.
int run(int argc, const char* const* argv);

} // namespace ccapi::simulator
