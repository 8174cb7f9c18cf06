#pragma once
// thread_room: whether the system grants as many threads as the program is about to start.

#include <cstddef>

namespace ccapi::process {

/// Starts up to `wanted` threads at once, ends them, and gives how many there were. Fewer: a limit
/// on processes and threads (RLIMIT_NPROC, a control group's) or memory stands in the way. For the
/// start: some libraries end the program if they get only part of their threads. Blocks for well
/// under a millisecond a thread.
std::size_t threads_granted(std::size_t wanted);

} // namespace ccapi::process
