#pragma once
// memory: what processes hold, and what the machine has left. Reads procfs; any thread.

#include <cstdint>
#include <optional>
#include <sys/types.h>

namespace ccapi::process {

/// Bytes that a process and its descendants hold: their proportional set sizes (a shared page
/// counts in parts). Costs some milliseconds for a large process. Nothing if it is gone, or not
/// ours to look at.
std::optional<std::uint64_t> tree_memory(pid_t process);

/// MemAvailable: bytes that programs can still have without swapping. Nothing if the system does
/// not tell.
std::optional<std::uint64_t> memory_available();

} // namespace ccapi::process
