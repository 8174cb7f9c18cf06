#include "child_probe.hpp"

#include "domain/ids.hpp"
#include "process/pidfd.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ccapi::process::probe {
namespace {

using clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

int left_until(clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
  return left < 0 ? 0 : static_cast<int>(left);
}

/// Waits until one read is possible, and reads at most `size`. 0 = end, -1 = too late.
ssize_t read_some(const unique_fd& pipe, char* to, std::size_t size, clock::time_point deadline) {
  pollfd wait{pipe.get(), POLLIN, 0};
  return ::poll(&wait, 1, left_until(deadline)) == 1 ? ::read(pipe.get(), to, size) : -1;
}

} // namespace

exit_status running::wait() {
  if (ended.wait_for(patience) != std::future_status::ready) {
    ADD_FAILURE() << "the child does not end";
    return {-2, 0};
  }
  return ended.get();
}

spawn_spec command(std::vector<std::string> arguments, std::vector<std::string> environment) {
  spawn_spec spec;
  spec.program = arguments.front();
  spec.arguments.assign(arguments.begin() + 1, arguments.end());
  spec.environment = std::move(environment);
  spec.directory = "/";
  return spec;
}

spawn_spec script(const std::string& text, std::vector<std::string> environment) {
  environment.emplace_back("PATH=/usr/bin:/bin");
  return command({"/bin/sh", "-c", text}, std::move(environment));
}

domain::result<running> try_start(launcher& by, spawn_spec spec) {
  auto started = std::make_shared<std::promise<domain::result<child_process>>>();
  auto ended = std::make_shared<std::promise<exit_status>>();
  auto future = started->get_future();
  running made{{}, ended->get_future()};
  by.spawn(
    7, std::move(spec),
    [started](domain::result<child_process> child) { started->set_value(std::move(child)); },
    [ended](domain::process_id, exit_status status) { ended->set_value(status); });
  auto child = future.get();
  if (!child)
    return std::move(child).error();
  made.child = *std::move(child);
  return made;
}

running start(launcher& by, spawn_spec spec) {
  auto made = try_start(by, std::move(spec));
  if (made)
    return *std::move(made);
  ADD_FAILURE() << made.error().message << ' ' << made.error().detail;
  std::promise<exit_status> never;
  never.set_value({-3, 0});
  return {{}, never.get_future()};
}

std::string read_all(const unique_fd& pipe) {
  const auto deadline = clock::now() + patience;
  std::string all;
  char chunk[4096];
  for (;;) {
    const ssize_t size = read_some(pipe, chunk, sizeof chunk, deadline);
    if (size < 0)
      ADD_FAILURE() << "the stream does not end; so far: " << all;
    if (size <= 0)
      return all;
    all.append(chunk, static_cast<std::size_t>(size));
  }
}

std::string read_line(const unique_fd& pipe) {
  const auto deadline = clock::now() + patience;
  std::string line;
  for (char c = 0;;) {
    if (read_some(pipe, &c, 1, deadline) != 1) {
      ADD_FAILURE() << "no whole line comes; so far: " << line;
      return line;
    }
    if (c == '\n')
      return line;
    line += c;
  }
}

std::string new_mark() {
  return "CCAPI_TEST_MARK=" + domain::random_hex_128();
}

std::vector<pid_t> marked(const std::string& mark) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{"/proc", ignored}) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    std::ifstream file{entry.path() / "environ", std::ios::binary};
    if (pid <= 0 || !file)
      continue;
    const std::string environment{std::istreambuf_iterator<char>{file}, {}};
    if (environment.find(mark) != std::string::npos)
      found.push_back(pid);
  }
  return found;
}

bool gone_within(const std::string& mark, std::chrono::milliseconds limit) {
  const auto deadline = clock::now() + limit;
  for (;;) {
    const auto left = marked(mark);
    if (left.empty())
      return true;
    const unique_fd pidfd = open_pidfd(left.front());
    if (pidfd.valid() && !await_end(pidfd, left_until(deadline)))
      return false;
    if (clock::now() >= deadline)
      return marked(mark).empty();
  }
}

bool has_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(
    std::distance(fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{}));
}

} // namespace ccapi::process::probe
