#include "simulator/simulator.hpp"

#include "simulator/session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace ccapi::simulator {

namespace {

/// More than the gateway ever lets wait for a process (docs/architecture.md, Limits).
constexpr std::size_t line_bytes_max = std::size_t{512} << 20;

/// Moves bytes between the pipes and the session.
class pump {
public:
  pump() {
    std::signal(SIGPIPE, SIG_IGN); // a gateway that is gone shows as the end of input
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO})
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }

  /// Gives the exit code.
  int run() {
    for (;;) {
      talk_.on_time(session::clock::now());
      write_output();
      if (const auto code = talk_.exit_code(); code && talk_.output().empty()) {
        if (!talk_.complaint().empty())
          std::fprintf(stderr, "%s\n", talk_.complaint().c_str());
        return *code;
      }
      wait();
    }
  }

private:
  void wait() {
    std::array<pollfd, 2> ends{
      pollfd{eof_ ? -1 : STDIN_FILENO, POLLIN, 0},
      pollfd{talk_.output().empty() ? -1 : STDOUT_FILENO, POLLOUT, 0},
    };
    int milliseconds = -1;
    if (const auto wake = talk_.wake_at()) {
      const auto left = *wake - session::clock::now();
      milliseconds = static_cast<int>(std::clamp<long long>(
        std::chrono::ceil<std::chrono::milliseconds>(left).count(), 0, 60'000));
    }
    ::poll(ends.data(), ends.size(), milliseconds);
    if (ends[0].revents != 0)
      read_input();
  }

  void read_input() {
    std::array<char, 64 << 10> block; // NOLINT: filled by read
    const auto got = ::read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (got <= 0) {
      eof_ = true;
      return talk_.on_eof();
    }
    const auto searched = input_.size(); // no line break before that
    input_.append(block.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (auto end = input_.find('\n', searched); end != std::string::npos;
         end = input_.find('\n', begin)) {
      talk_.on_line(std::string_view{input_}.substr(begin, end - begin), session::clock::now());
      begin = end + 1;
    }
    input_.erase(0, begin);
    if (input_.size() > line_bytes_max)
      talk_.on_line("a line without end", session::clock::now()); // no JSON: refused
  }

  void write_output() {
    auto& output = talk_.output();
    std::size_t sent = 0;
    while (sent < output.size()) {
      const auto written = ::write(STDOUT_FILENO, output.data() + sent, output.size() - sent);
      if (written > 0)
        sent += static_cast<std::size_t>(written);
      else if (errno == EAGAIN)
        break;
      else if (errno != EINTR)
        sent = output.size(); // nobody reads any more
    }
    output.erase(0, sent);
  }

  session talk_;
  std::string input_;
  bool eof_ = false;
};

} // namespace

int run(int argc, const char* const* argv) {
  const auto asks_version = [](std::string_view argument) { return argument == "--version"; };
  if (argc > 2 && std::any_of(argv + 2, argv + argc, asks_version)) {
    std::printf("%s (claude-code-api simulator)\n", dialect_version);
    return 0;
  }
  return pump{}.run();
}

} // namespace ccapi::simulator
