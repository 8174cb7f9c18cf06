#include "process/launcher.hpp"
#include "process/secrets.hpp"
#include "process/spawn.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <string_view>
#include <unistd.h>

namespace ccapi::process {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t output_bytes_max = 64 << 10;
constexpr std::size_t error_bytes_max = 512;

/// Milliseconds until `deadline`, as poll() wants them.
int left_until(clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 3'600'000));
}

/// One pipe of the command: keeps the first bytes, drops the rest. The command never waits for us.
struct capture {
  const unique_fd& pipe;
  std::size_t bytes_max;
  std::string kept{};
  bool ended = false;

  /// One read. False: nothing is there (any more).
  bool take() {
    std::array<char, 4096> chunk;
    const ssize_t size = ::read(pipe.get(), chunk.data(), chunk.size());
    if (size > 0) {
      const auto room = bytes_max - kept.size();
      kept.append(chunk.data(), std::min(room, static_cast<std::size_t>(size)));
      return true;
    }
    ended = size == 0 || (errno != EAGAIN && errno != EINTR);
    return false;
  }
};

/// Reads both pipes until the command has ended (true) or it is too late.
bool collect(const unique_fd& pidfd, capture& output, capture& errors, clock::time_point deadline) {
  for (;;) {
    std::array<pollfd, 3> fds{{{pidfd.get(), POLLIN, 0},
                               {output.ended ? -1 : output.pipe.get(), POLLIN, 0},
                               {errors.ended ? -1 : errors.pipe.get(), POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), left_until(deadline));
    if (fds[1].revents != 0)
      output.take();
    if (fds[2].revents != 0)
      errors.take();
    if (fds[0].revents != 0)
      break;
    if (clock::now() >= deadline)
      return false;
  }
  // The tree is gone: what is in the pipes is all there will be.
  while (output.take() || errors.take()) {
  }
  return true;
}

domain::error failed(const spawn_spec& spec, std::string_view how, const std::string& errors) {
  domain::error failure;
  failure.code = domain::error_code::cli_unavailable;
  failure.message = "The Claude CLI did not answer as expected at start: " + std::string{how} + '.';
  failure.detail = spec.program + ": " + std::string{how};
  if (!errors.empty())
    failure.detail += "; stderr: " + scrub_secrets(errors);
  failure.retry_useful = false;
  return failure;
}

} // namespace

domain::result<std::string> run_to_end(const std::string& shim, const spawn_spec& spec,
                                       std::chrono::milliseconds timeout) {
  const auto deadline = clock::now() + timeout;
  auto command = spawn(shim, 0, spec);
  if (!command)
    return std::move(command).error();
  command->stdin_write.reset();
  capture output{command->stdout_read, output_bytes_max};
  capture errors{command->stderr_read, error_bytes_max};
  if (!collect(*command->pidfd, output, errors, deadline)) {
    end_at_once(*command);
    return failed(spec, "it did not end within " + std::to_string(timeout.count()) + " ms",
                  errors.kept);
  }
  const auto status = reap(*command->pidfd).value_or(exit_status{-1, 0});
  if (status.signal != 0)
    return failed(spec, "signal " + std::to_string(status.signal) + " ended it", errors.kept);
  if (status.code != 0)
    return failed(spec, "exit code " + std::to_string(status.code), errors.kept);
  return std::move(output.kept);
}

} // namespace ccapi::process
