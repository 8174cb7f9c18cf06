#include "process/spawn.hpp"

#include "process/pidfd.hpp"
#include "process/private_directory.hpp"
#include "process/shim/protocol.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <initializer_list>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace ccapi::process {
namespace {

std::string text_of(int reason) {
  return std::generic_category().message(reason);
}

domain::error start_failure(int reason, const std::string& what) {
  domain::error failure;
  failure.code = domain::error_code::cli_unavailable;
  failure.message = "The Claude CLI could not be started: " + text_of(reason) + '.';
  failure.detail = what + ": " + text_of(reason);
  failure.retry_useful =
    reason == EAGAIN || reason == ENOMEM || reason == EMFILE || reason == ENFILE;
  return failure;
}

/// Both ends of a pipe, close-on-exec.
struct pipe_ends {
  unique_fd read;
  unique_fd write;
};

/// 0, or the reason of the failure.
int open_pipe(pipe_ends& ends) {
  std::array<int, 2> fds{-1, -1};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0)
    return errno;
  ends = {unique_fd{fds[0]}, unique_fd{fds[1]}};
  return 0;
}

/// Moves the child's end above the numbers that it is copied to, so that no copy hits another end
/// first (a gateway may be started with its descriptors 0..2 closed).
int clear_of_targets(unique_fd& end) {
  if (end.get() > shim::life_fd)
    return 0;
  unique_fd moved{::fcntl(end.get(), F_DUPFD_CLOEXEC, shim::life_fd + 1)};
  if (!moved.valid())
    return errno;
  end = std::move(moved);
  return 0;
}

/// The flag belongs to this end alone: the ends of a pipe are two open files.
int set_non_blocking(const unique_fd& end) {
  return ::fcntl(end.get(), F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

struct pipe_set {
  pipe_ends input, output, errors, life;

  int open() {
    for (pipe_ends* ends : {&input, &output, &errors, &life})
      if (const int reason = open_pipe(*ends))
        return reason;
    for (unique_fd* end : {&input.read, &output.write, &errors.write, &life.read})
      if (const int reason = clear_of_targets(*end))
        return reason;
    for (unique_fd* end : {&input.write, &output.read, &errors.read})
      if (const int reason = set_non_blocking(*end))
        return reason;
    return 0;
  }
};

class file_actions {
public:
  file_actions() { posix_spawn_file_actions_init(&actions_); }
  ~file_actions() { posix_spawn_file_actions_destroy(&actions_); }
  file_actions(const file_actions&) = delete;
  file_actions& operator=(const file_actions&) = delete;

  /// 0, or the reason of the failure.
  int fill(const pipe_set& pipes, const unique_fd& directory) {
    // First: its number may be one of those that the copies take.
    if (const int reason = posix_spawn_file_actions_addfchdir_np(&actions_, directory.get()))
      return reason;
    const std::pair<int, int> copies[] = {{pipes.input.read.get(), STDIN_FILENO},
                                          {pipes.output.write.get(), STDOUT_FILENO},
                                          {pipes.errors.write.get(), STDERR_FILENO},
                                          {pipes.life.read.get(), shim::life_fd}};
    for (const auto& [from, to] : copies)
      if (const int reason = posix_spawn_file_actions_adddup2(&actions_, from, to))
        return reason;
    return posix_spawn_file_actions_addclosefrom_np(&actions_, shim::life_fd + 1);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
  posix_spawn_file_actions_t actions_{};
};

class spawn_attributes {
public:
  spawn_attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    // Blocked until the shim listens: a signal sent at once must not end the shim unheard.
    posix_spawnattr_setsigmask(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0); // out of reach of the terminal's Ctrl-C
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK
                                             | POSIX_SPAWN_SETSIGDEF);
  }
  ~spawn_attributes() { posix_spawnattr_destroy(&attributes_); }
  spawn_attributes(const spawn_attributes&) = delete;
  spawn_attributes& operator=(const spawn_attributes&) = delete;

  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

private:
  posix_spawnattr_t attributes_{};
};

/// posix_spawn takes char* by tradition; it does not write to them.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

domain::result<unique_fd> open_directory(const spawn_spec& spec) {
  if (spec.private_directory)
    return open_private_directory(spec.directory);
  unique_fd found{::open(spec.directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!found.valid())
    return start_failure(errno, "working directory " + spec.directory);
  return found;
}

} // namespace

domain::result<child_process> spawn(const std::string& shim, domain::process_id id,
                                    const spawn_spec& spec) {
  const auto directory = open_directory(spec);
  if (!directory)
    return directory.error();
  pipe_set pipes;
  if (const int reason = pipes.open())
    return start_failure(reason, "pipe");
  file_actions actions;
  if (const int reason = actions.fill(pipes, *directory))
    return start_failure(reason, "posix_spawn_file_actions");
  const spawn_attributes attributes;

  std::vector<std::string> arguments{shim, std::to_string(shim::life_fd),
                                     spec.unhurried ? shim::unhurried : "usual", spec.program};
  arguments.insert(arguments.end(), spec.arguments.begin(), spec.arguments.end());
  std::vector<std::string> environment = spec.environment;
  pid_t pid = -1;
  if (const int reason =
        ::posix_spawn(&pid, shim.c_str(), actions.get(), attributes.get(),
                      pointers_to(arguments).data(), pointers_to(environment).data()))
    return start_failure(reason, "posix_spawn of " + shim);

  unique_fd pidfd = open_pidfd(pid);
  if (!pidfd.valid()) {
    const int reason = errno;
    // Nobody could watch this child. SIGKILL ends the shim at once, and the kernel the CLI with it.
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return start_failure(reason, "pidfd_open");
  }

  // The pipe is empty and takes this whole; if it can't, the child never speaks, and its holder
  // sees to that.
  static_cast<void>(
    !::write(pipes.input.write.get(), spec.first_input.data(), spec.first_input.size()));

  child_process child;
  child.id = id;
  child.pid = pid;
  child.stdin_write = std::move(pipes.input.write);
  child.stdout_read = std::move(pipes.output.read);
  child.stderr_read = std::move(pipes.errors.read);
  child.life = std::move(pipes.life.write);
  child.pidfd = std::make_shared<const unique_fd>(std::move(pidfd));
  return child;
}

std::optional<exit_status> reap(const unique_fd& pidfd) noexcept {
  siginfo_t ended{};
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &ended, WEXITED | WNOHANG) != 0) {
    if (errno == EINTR)
      return std::nullopt;
    // Somebody else took the status, e.g. because this program ignores SIGCHLD.
    return exit_status{-1, 0};
  }
  if (ended.si_pid == 0)
    return std::nullopt;
  return ended.si_code == CLD_EXITED ? exit_status{ended.si_status, 0}
                                     : exit_status{0, ended.si_status};
}

void end_at_once(const child_process& child) noexcept {
  constexpr int patience_ms = 2000;
  child.signal(SIGKILL);
  if (!await_end(*child.pidfd, patience_ms)) { // the shim is stuck; the CLI, at least, dies with it
    child.kill_shim();
    await_end(*child.pidfd, patience_ms);
  }
  static_cast<void>(reap(*child.pidfd));
}

} // namespace ccapi::process
