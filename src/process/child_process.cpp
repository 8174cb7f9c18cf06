#include "process/child_process.hpp"

#include "process/pidfd.hpp"
#include "process/shim/protocol.hpp"

#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace ccapi::process {

void unique_fd::reset() noexcept {
  if (fd_ >= 0)
    ::close(release());
}

bool child_process::speechless() const noexcept {
  pollfd output{stdout_read.get(), 0, 0};
  return ::poll(&output, 1, 0) > 0 && (output.revents & (POLLHUP | POLLERR)) != 0;
}

void child_process::hurry() const noexcept {
  if (life.valid())
    static_cast<void>(!::write(life.get(), "h", 1));
}

bool child_process::signal(int number) const noexcept {
  if (!pidfd || !pidfd->valid() || number == SIGSTOP)
    return false;
  // SIGKILL would end the shim alone and orphan what it watches over.
  const int sent = number == SIGKILL ? shim::kill_tree_signal : number;
  return send_signal(*pidfd, sent);
}

} // namespace ccapi::process
