#pragma once
// How the Claude CLI is started: its argv and its environment, both built from nothing.

#include "claude/capabilities.hpp"
#include "domain/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::claude {

/// A process for plain chat: no tools, no settings of the user or the directory, nothing written
/// to disk. Its system prompt is empty until `initialize` sets one.
struct launch_options {
  std::string model; ///< resolved name
  bool bare = false; ///< --bare: reads no login, only an API key
};

/// argv[1..], every value in the form --flag=value, so that none can be taken for a flag.
/// Fails with: invalid_request (param "model") for a name that is not safe in argv.
domain::result<std::vector<std::string>> arguments(const launch_options& options);

/// The line that every process is given at its start: get_binary_version, as the first call of a
/// control_channel. Its answer tells that the process is ready, and whether it will do.
std::string first_line();

/// The same for a process that is started ahead, and what makes its first turn quicker without
/// leaving a trace: the first apply_flag_settings of 2.1.197 takes it 60 ms, later ones 5
/// (measured).
std::string first_lines_ahead();

/// What a process that is up is told before its first turn is known, so that this turn is quicker.
struct priming {
  std::string lines{};      ///< for its stdin
  bool sets_prompt = false; ///< `initialize` is among them: the second call of a control_channel
  /// uuid of a user message that must be taken back ahead of everything else; empty: there is none.
  std::string message{};
};

/// Priming for turns with this system prompt. Measured on 2.1.330: 100 ms to the first word become
/// 60, half of it by the prompt and half by one message that is told and taken back; the API is
/// sent the same. Versions that can't take that back (2.1.197) are told the prompt only. Nothing if
/// there is nothing to gain, or the prompt is too long to be written in one piece.
std::optional<priming> priming_for(const std::string& system_prompt,
                                   const std::optional<version>& cli);

/// The child's whole environment as "NAME=value", sorted. Taken from `parent` (as `environ`, ends
/// with nullptr): names that `allow` lists, where a trailing '*' matches any rest; never, whatever
/// `allow` says, what changes how programs load (LD_*, NODE_OPTIONS, BUN_*), marks a nested session
/// (CLAUDECODE*), is the gateway's own (CLAUDE_CODE__*) or removes the CLI's attribution. Our
/// constants win over the parent's values.
std::vector<std::string> environment(const std::vector<std::string>& allow,
                                     const char* const* parent, std::uint32_t max_retries);

/// True if an API key (or a bearer token, which works with --bare, too: measured) is in there. A
/// process started with --bare reads no login.
bool has_api_key(const std::vector<std::string>& environment);

} // namespace ccapi::claude
