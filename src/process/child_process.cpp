#include "process/child_process.hpp"

#include "process/pidfd.hpp"
#include "process/shim/protocol.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ccapi::process {

namespace {

constexpr std::size_t page = 4096;

} // namespace

void unique_fd::reset() noexcept {
  if (fd_ >= 0)
    ::close(release());
}

bool child_process::stdout_closed() const noexcept {
  pollfd output{stdout_read.get(), 0, 0};
  return ::poll(&output, 1, 0) > 0 && (output.revents & (POLLHUP | POLLERR)) != 0;
}

bool child_process::tell(std::string_view lines) {
  const int capacity = ::fcntl(stdin_write.get(), F_GETPIPE_SZ);
  int unread = 0;
  if (capacity < 0 || ::ioctl(stdin_write.get(), FIONREAD, &unread) != 0)
    return false;
  // A page that is begun is not filled up by the next write.
  const auto pages_begun = (static_cast<std::size_t>(unread) / page + 1) * page;
  if (pages_begun + lines.size() > static_cast<std::size_t>(capacity))
    return false;
  const auto written = ::write(stdin_write.get(), lines.data(), lines.size());
  if (written > 0 && static_cast<std::size_t>(written) < lines.size())
    life.reset(); // half a line: nobody can use it any more
  return written == static_cast<ssize_t>(lines.size());
}

void child_process::restore_priority() const noexcept {
  if (life.valid())
    static_cast<void>(!::write(life.get(), "h", 1));
}

bool child_process::signal(int number) const noexcept {
  if (!pidfd || !pidfd->valid() || number == SIGSTOP)
    return false;
  // SIGKILL would end the shim alone and orphan what it watches over.
  const int sent = number == SIGKILL ? shim::kill_tree_signal : number;
  const bool alive = send_signal(*pidfd, sent);
  if (number != SIGTSTP && number != SIGTTIN && number != SIGTTOU)
    send_signal(*pidfd, SIGCONT);
  return alive;
}

bool child_process::kill_shim() const noexcept {
  return pidfd && pidfd->valid() && send_signal(*pidfd, SIGKILL);
}

bool child_process::directory_gone() const noexcept {
  // The shim's own, where it was started and stays; the CLI is started there.
  constexpr std::string_view begin = "/proc/";
  constexpr std::string_view end = "/cwd";
  std::array<char, 48> link{};
  std::array<char, page> target; // NOLINT: readlink fills what is looked at
  auto* at = std::copy(begin.begin(), begin.end(), link.data());
  at = std::to_chars(at, link.data() + link.size() - end.size() - 1, int{pid}).ptr;
  std::copy(end.begin(), end.end(), at);
  const auto size = ::readlink(link.data(), target.data(), target.size());
  return size > 0
         && std::string_view{target.data(), static_cast<std::size_t>(size)}.ends_with(" (deleted)");
}

} // namespace ccapi::process
