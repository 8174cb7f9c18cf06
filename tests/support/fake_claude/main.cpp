// fake_claude: a small stand-in for the Claude Code CLI that speaks its stream-json protocol, can
// be told to misbehave, and starts in about a millisecond. See tests/support/README.md.

#include "check_requests.hpp"
#include "misbehave.hpp"
#include "models.hpp"
#include "session.hpp"
#include "standin/pipes.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
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
  how.tools = standin::read_tool_rules(argc, argv);
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
      signals_{open_signals()} {}

  /// Gives the exit code.
  int run() {
    while (true) {
      talk_.on_time(clock::now());
      ends_.write(talk_.output(), talk_.split_writes() ? 1 : std::string::npos);
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
  std::optional<int> wait() {
    const auto now = clock::now();
    if (ends_.wait(talk_.reads_stdin(now), !talk_.output().empty(), talk_.wake_at(now), signals_))
      if (auto code = take_signal())
        return code;
    if (!ends_.read([this](std::string_view line) { talk_.on_line(line, clock::now()); }))
      talk_.on_eof();
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

  session& talk_;
  const ledger& book_;
  bool ignore_term_;
  int signals_;
  ccapi::standin::pipes ends_;
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
  for (const std::string_view name : {"opus", "sonnet", "haiku"}) {
    models.append(models.empty() ? "" : ",").append(R"({"value":")").append(name);
    models.append(R"(","resolvedModel":")").append(resolved_model(name, !oldest)).append("\"}");
  }
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
