#pragma once
// memory: what processes hold, and what is left. Reads procfs and the control groups; any thread.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <sys/types.h>

namespace ccapi::process {

/// Bytes that a process and its descendants hold: their proportional set sizes (a shared page
/// counts in parts). Costs some milliseconds for a large process. Nothing if it is gone, or not
/// ours to look at.
std::optional<std::uint64_t> tree_memory(pid_t process);

/// The same with resident set sizes (a shared page counts whole, for each of them): a quick look.
std::optional<std::uint64_t> tree_resident(pid_t process);

/// Where the system tells; another place is for tests.
struct memory_sources {
  std::filesystem::path machine = "/proc/meminfo";
  std::filesystem::path membership = "/proc/self/cgroup";
  std::filesystem::path groups = "/sys/fs/cgroup"; ///< version 2
};

/// Bytes that this process and its children can still have without swapping: MemAvailable of the
/// machine, or what the limits of our control group (a container's, systemd's MemoryMax and
/// MemoryHigh) and of the groups around it leave, if that is less. Files that were read but are not
/// in use count as free. Nothing if the system does not tell.
std::optional<std::uint64_t> memory_available(const memory_sources& from = {});

} // namespace ccapi::process
