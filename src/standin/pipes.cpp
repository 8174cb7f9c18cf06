#include "standin/pipes.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace ccapi::standin {

namespace {

/// More than the gateway ever lets wait for a process (docs/architecture.md, Limits).
constexpr std::size_t line_bytes_max = std::size_t{512} << 20;

int milliseconds_until(std::optional<pipes::clock::time_point> wake) {
  if (!wake)
    return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*wake - pipes::clock::now());
  return static_cast<int>(std::clamp<long long>(left.count(), 0, 60'000));
}

} // namespace

pipes::pipes() {
  std::signal(SIGPIPE, SIG_IGN);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO})
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

bool pipes::wait(bool reads, bool writes, std::optional<clock::time_point> wake, int other) {
  std::array<pollfd, 3> ends{
    pollfd{reads ? STDIN_FILENO : -1, POLLIN, 0},
    pollfd{writes ? STDOUT_FILENO : -1, POLLOUT, 0},
    pollfd{other, POLLIN, 0},
  };
  ::poll(ends.data(), ends.size(), milliseconds_until(wake));
  readable_ = ends[0].revents != 0;
  return ends[2].revents != 0;
}

bool pipes::read(const std::function<void(std::string_view)>& on_line) {
  if (!readable_)
    return true;
  std::array<char, 64 << 10> chunk; // NOLINT: filled by read
  const auto got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return true;
  if (got <= 0)
    return false;
  const auto searched = input_.size(); // no line break before that
  input_.append(chunk.data(), static_cast<std::size_t>(got));
  std::size_t begin = 0;
  for (auto end = input_.find('\n', searched); end != std::string::npos;
       end = input_.find('\n', begin)) {
    on_line(std::string_view{input_}.substr(begin, end - begin));
    begin = end + 1;
  }
  input_.erase(0, begin);
  if (input_.size() > line_bytes_max)
    on_line("a line without end"); // no JSON: refused
  return true;
}

void pipes::write(std::string& output, std::size_t at_once) {
  std::size_t sent = 0;
  while (sent < output.size()) {
    const auto written =
      ::write(STDOUT_FILENO, output.data() + sent, std::min(at_once, output.size() - sent));
    if (written > 0)
      sent += static_cast<std::size_t>(written);
    else if (errno == EAGAIN)
      break;
    else if (errno != EINTR)
      sent = output.size(); // nobody reads any more
  }
  output.erase(0, sent);
}

} // namespace ccapi::standin
