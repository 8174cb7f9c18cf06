#pragma once
// spawn: starts one child through the shim and reaps it. Without threads and event loops, so that
// the launcher and run_to_end can share it.

#include "domain/result.hpp"
#include "process/child_process.hpp"

#include <optional>
#include <string>

namespace ccapi::process {

/// Starts `spec` under the shim. Blocks until the shim's exec has succeeded or failed. Whoever
/// calls this must reap() the child once its pidfd is readable. Any thread.
/// Fails with: cli_unavailable (retry_useful for EAGAIN, ENOMEM, EMFILE, ENFILE).
domain::result<child_process> spawn(const std::string& shim, domain::process_id id,
                                    const spawn_spec& spec);

/// Takes the exit status of a child of ours. Empty: it has not ended. Never blocks.
std::optional<exit_status> reap(const unique_fd& pidfd) noexcept;

/// Kills a child's tree and reaps the child. Blocks: some ms, at most 4 s.
void end_at_once(const child_process& child) noexcept;

} // namespace ccapi::process
