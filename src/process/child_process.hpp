#pragma once
// child_process: the gateway's ends of one child's pipes, and what is needed to end its tree.

#include "domain/ids.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace ccapi::process {

/// Owns one descriptor. -1 = none.
class unique_fd {
public:
  unique_fd() noexcept = default;
  explicit unique_fd(int fd) noexcept
    : fd_{fd} {}
  unique_fd(unique_fd&& other) noexcept
    : fd_{other.release()} {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = other.release();
    }
    return *this;
  }
  unique_fd(const unique_fd&) = delete;
  unique_fd& operator=(const unique_fd&) = delete;
  ~unique_fd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
  int release() noexcept {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset() noexcept; ///< closes

private:
  int fd_ = -1;
};

/// What to start. `program` is an absolute path; nothing is looked up and no shell is involved.
struct spawn_spec {
  std::string program;
  std::vector<std::string> arguments;   ///< argv[1..]
  std::vector<std::string> environment; ///< the whole environment, "NAME=value"
  std::string directory;                ///< working directory, absolute
  std::string first_input{};            ///< on its stdin from the start; at most 4096 bytes
  /// At a lower priority until child_process::restore_priority is called.
  bool unhurried = false;
  /// `directory` is for us alone: made if it is missing, refused if it is anything but ours.
  bool private_directory = false;
};

/// How the shim ended, which passes the CLI's end on. A program that can't be executed shows here,
/// too: 127 (not found), 126 (not executable), 125 (no process to be had, may pass), with the
/// reason on stderr.
struct exit_status {
  /// Exit code, 128 + n for a CLI that signal n ended; -1: unknown. Only if signal == 0.
  int code = 0;
  /// Number of the signal that ended the shim itself, else 0.
  int signal = 0;
};

/// Movable; any thread. Closing `life` (or destroying the object) makes the shim end the child's
/// whole tree: SIGTERM to its group, SIGKILL 200 ms later to everything that is left, also to
/// processes in sessions of their own. The launcher reaps it in any case.
/// All descriptors are close-on-exec; stdin_write, stdout_read and stderr_read are non-blocking.
/// Writing to a child that is gone raises SIGPIPE unless the program ignores it.
struct child_process {
  domain::process_id id = 0;
  pid_t pid = -1; ///< the shim's, for the log; the CLI is its child
  unique_fd stdin_write;
  unique_fd stdout_read;
  unique_fd stderr_read;
  unique_fd life;
  /// Stands for the shim even when its pid belongs to somebody else by now; shared with the
  /// launcher. Readable once the child has ended.
  std::shared_ptr<const unique_fd> pidfd;

  /// Dropped, it tells the launcher that nobody sees to the child's end any more: the launcher
  /// then does. Null: the child was not started by one.
  std::shared_ptr<const void> custody{};
  /// Of one whose first words the launcher listens for: drop it before you read stdout_read, or the
  /// launcher may listen, with a descriptor, for what it can't hear any more.
  std::shared_ptr<const void> unheard{};

  /// Nobody can write to its stdout any more: it has died, though it may not be reaped yet.
  [[nodiscard]] bool stdout_closed() const noexcept;

  /// Writes all of it to the child's stdin, or nothing: false if it does not fit into the pipe now.
  bool tell(std::string_view lines);

  /// Gives a child that was started at a lower priority its usual priority.
  void restore_priority() const noexcept;

  /// Its working directory was removed. One look at /proc.
  [[nodiscard]] bool directory_gone() const noexcept;

  /// Passes a signal on to the CLI's process group; SIGKILL kills the whole tree. A shim that
  /// somebody has stopped is woken up for it. False if the child is gone, or for SIGSTOP, which
  /// can't be passed on.
  bool signal(int number) const noexcept;

  /// Ends the shim itself, which nothing can resist; the kernel ends the CLI with it. The last
  /// resort: what else there is of the tree lives on. False if the child is gone.
  bool kill_shim() const noexcept;
};

} // namespace ccapi::process
