// fake_claude: a small stand-in for the Claude Code CLI that speaks its stream-json protocol, can
// be told to misbehave, and starts in about a millisecond. See tests/support/README.md.

#include "check_requests.hpp"
#include "misbehave.hpp"
#include "session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace fake_claude {

namespace {

launch parse_arguments(int argc, char** argv) {
  launch how;
  if (const char* defaults = std::getenv("ANTHROPIC_FAKE_SCRIPT"))
    how.defaults.add(defaults);
  for (int i = 1; i < argc; ++i) {
    std::string_view argument{argv[i]};
    how.arguments.emplace_back(argument);
    if (argument.starts_with("--model="))
      how.model = argument.substr(8);
    else if (argument.starts_with("--system-prompt="))
      how.system_prompt = argument.substr(16);
    else if (argument == "--model" && i + 1 < argc)
      how.model = argv[i + 1];
  }
  return how;
}

/// SIGTERM and SIGINT arrive as data, so that the ledger can tell of them.
int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

class loop {
public:
  loop(session& talk, const ledger& book, bool ignore_term)
    : talk_{talk},
      book_{book},
      ignore_term_{ignore_term},
      signals_{open_signals()} {
    std::signal(SIGPIPE, SIG_IGN);
    for (int fd : {STDIN_FILENO, STDOUT_FILENO})
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }

  /// Gives the exit code.
  int run() {
    while (true) {
      talk_.on_time(clock::now());
      flush();
      if (talk_.output().empty()) {
        if (talk_.death())
          die(*talk_.death());
        if (talk_.exit_code())
          return *talk_.exit_code();
      }
      if (auto code = wait())
        return *code;
    }
  }

private:
  [[nodiscard]] int timeout(clock::time_point now) const {
    auto wake = talk_.wake_at(now);
    if (!wake)
      return -1;
    auto left = std::chrono::ceil<std::chrono::milliseconds>(*wake - now).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
  }

  std::optional<int> wait() {
    auto now = clock::now();
    std::array<pollfd, 3> fds{
      pollfd{talk_.reads_stdin(now) ? STDIN_FILENO : -1, POLLIN, 0},
      pollfd{talk_.output().empty() ? -1 : STDOUT_FILENO, POLLOUT, 0},
      pollfd{signals_, POLLIN, 0},
    };
    ::poll(fds.data(), fds.size(), timeout(now));
    if (fds[2].revents != 0)
      if (auto code = take_signal())
        return code;
    if (fds[0].revents != 0)
      read_input();
    return std::nullopt;
  }

  std::optional<int> take_signal() {
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info)
      return std::nullopt;
    book_.write("signal", {{"number", info.ssi_signo}});
    if (info.ssi_signo == SIGINT)
      talk_.on_interrupt_signal();
    else if (!ignore_term_)
      return 128 + SIGTERM;
    return std::nullopt;
  }

  void read_input() {
    std::array<char, 64 << 10> block; // NOLINT: filled by read
    auto got = ::read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (got <= 0) {
      talk_.on_eof();
      return;
    }
    input_.append(block.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (auto end = input_.find('\n'); end != std::string::npos; end = input_.find('\n', begin)) {
      talk_.on_line(std::string_view{input_}.substr(begin, end - begin), clock::now());
      begin = end + 1;
    }
    input_.erase(0, begin);
  }

  void flush() {
    auto& output = talk_.output();
    std::size_t sent = 0;
    while (sent < output.size()) {
      auto size = talk_.split_writes() ? 1 : output.size() - sent;
      auto written = ::write(STDOUT_FILENO, output.data() + sent, size);
      if (written > 0)
        sent += static_cast<std::size_t>(written);
      else if (errno == EAGAIN)
        break;
      else if (errno != EINTR)
        sent = output.size(); // nobody reads any more
    }
    output.erase(0, sent);
  }

  session& talk_;
  const ledger& book_;
  bool ignore_term_;
  int signals_;
  std::string input_;
};

/// A process that is only asked which models there are. It heeds no script and leaves no trace in
/// the ledger: no turn's process is meant.
int answer_for_models(bool oldest) {
  std::array<char, 4096> line; // NOLINT: filled by fgets
  const bool asked = std::fgets(line.data(), line.size(), stdin) != nullptr;
  if (!asked
      || std::string_view{line.data()}.find(oldest ? "initialize" : "list_models")
           == std::string_view::npos)
    return 1;
  std::string models;
  const auto add = [&models](std::string_view name, std::string_view id) {
    models.append(models.empty() ? "" : ",").append(R"({"value":")").append(name);
    models.append(R"(","resolvedModel":")").append(id).append("\"}");
  };
  add("opus", oldest ? "claude-opus-4-8" : "claude-opus-5-5");
  add("sonnet", oldest ? "claude-sonnet-5" : "claude-sonnet-5-5");
  add("haiku", oldest ? "claude-haiku-4-5-20251001" : "claude-haiku-5-5");
  std::printf(R"({"type":"control_response","response":{"subtype":"success","request_id":"models",)"
              R"("response":{"models":[%s]}}})"
              "\n",
              models.c_str());
  return 0;
}

int run(int argc, char** argv) {
  auto how = parse_arguments(argc, argv);
  const auto defaults = how.defaults;
  for (const auto& argument : how.arguments) {
    if (argument == "--check-requests")
      return check_requests();
    if (argument == "--version" || argument == "-v") {
      auto version = std::string{defaults.text("version", "2.1.330")} + " (Claude Code)";
      return std::puts(version.c_str()) < 0 ? 1 : 0;
    }
  }
  if (std::find(how.arguments.begin(), how.arguments.end(), "--model=default")
      != how.arguments.end())
    return answer_for_models(defaults.text("version", "2.1.330") == "2.1.197");
  ledger book{std::getenv("ANTHROPIC_FAKE_LEDGER")};
  if (defaults.has("boot_exit")) {
    write_stderr("fake_claude: told to fail at start\n");
    return static_cast<int>(defaults.number("boot_exit", 1));
  }
  session talk{std::move(how), book, clock::now()};
  int code = loop{talk, book, defaults.has("ignore_term")}.run();
  book.write("exit", {{"code", code}});
  return code;
}

} // namespace

} // namespace fake_claude

int main(int argc, char** argv) {
  return fake_claude::run(argc, argv);
}
