#include "process/pidfd.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ccapi::process {

// Not <sys/pidfd.h>: glibc 2.36 declares these functions without extern "C".

unique_fd open_pidfd(pid_t pid) noexcept {
  return unique_fd{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
}

bool send_signal(const unique_fd& pidfd, int number) noexcept {
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), number, nullptr, 0) == 0;
}

bool await_end(const unique_fd& pidfd, int patience_ms) noexcept {
  pollfd wait{pidfd.get(), POLLIN, 0};
  return ::poll(&wait, 1, patience_ms) == 1;
}

} // namespace ccapi::process
