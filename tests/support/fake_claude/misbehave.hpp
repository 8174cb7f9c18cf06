#pragma once
// misbehave: the ways in which a child process can go wrong that are no lines of a turn.

#include "script.hpp"
#include "standin/lines.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fake_claude {

/// Writes to stderr and waits until it is taken: like the CLI, this blocks if nobody reads.
void write_stderr(std::string_view text);

/// `bytes` of noise on stderr.
void flood_stderr(std::int64_t bytes);

/// [[garbage_at:STEP:LINES]]: lines on stdout that are no JSON.
void append_garbage(std::string& out, const script& how);

/// Lines of kinds that no CLI has yet.
void append_unknown(std::string& out, ccapi::standin::line_writer& lines);

/// A descendant in a session of its own that holds stdout and never ends by itself. Gives its pid.
int spawn_grandchild();

/// Ends this process as `how` says: "exit", "kill", "segv" or "abrt".
[[noreturn]] void die(std::string_view how);

} // namespace fake_claude
