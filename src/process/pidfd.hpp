#pragma once
// pidfd: a descriptor that stands for one process, even when its pid is given to another one.

#include "process/child_process.hpp"

#include <sys/types.h>

namespace ccapi::process {

/// Invalid, with errno set, when there is no such process or no descriptor to be had.
unique_fd open_pidfd(pid_t pid) noexcept;

/// False when the process is gone.
bool send_signal(const unique_fd& pidfd, int number) noexcept;

/// Waits until the process has ended. False: it has not within `patience_ms`.
bool await_end(const unique_fd& pidfd, int patience_ms) noexcept;

} // namespace ccapi::process
