#pragma once
// launcher: the one thread that starts children and reaps them.

#include "domain/result.hpp"
#include "process/child_process.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace ccapi::process {

/// Life cycle: made by the composition root, outlives every actor. One long-lived thread; children
/// are started by posix_spawn through the shim; each is reaped through its pidfd, whoever holds its
/// descriptors. Its memory is bounded by the children that callers ask for.
class launcher {
public:
  /// Called on the launcher's thread, at once after the spawn. Must not throw. A child that is
  /// dropped here or later ends with its tree. Fails with: cli_unavailable (retry_useful tells
  /// whether the cause may pass: EAGAIN, ENOMEM, EMFILE, ENFILE; or lasts: ENOENT, EACCES, E2BIG,
  /// ...), draining (after stop()). A program that can't be executed is no failure here: it shows
  /// as an exit status.
  using spawned = std::function<void(domain::result<child_process>)>;
  /// Called on the launcher's thread when the child has been reaped. Must not throw. After
  /// `spawned`, exactly once, and never for a child that could not be started.
  using exited = std::function<void(domain::process_id, exit_status)>;
  /// Called on the launcher's thread when the child has written to its stdout for the first time,
  /// unless somebody has read that by then. Must not throw. After `spawned`, at most once, never
  /// after `exited`.
  using spoke = std::function<void(domain::process_id)>;

  /// `shim` is the absolute path of the shim program. Throws std::system_error when there is no
  /// thread or descriptor to be had.
  explicit launcher(std::string shim);
  /// As stop().
  ~launcher();
  launcher(const launcher&) = delete;
  launcher& operator=(const launcher&) = delete;

  /// Any thread; returns at once. Once stop() has begun, `on_spawned` hears draining, on the
  /// calling thread and from inside this call.
  void spawn(domain::process_id id, spawn_spec spec, spawned on_spawned, exited on_exited,
             spoke on_spoke = {});

  /// Ends what is left, reaps all and joins the thread; `exited` is called for each child. Steps:
  /// SIGTERM to the trees' groups; after 1 s the shims kill their whole trees; after 2 s more the
  /// shims are killed; 1 s later it gives up on what even SIGKILL does not end (status -1). So it
  /// blocks 4 s at most, and as long as the slowest child takes in practice. Not from a callback.
  void stop();

private:
  class worker;
  std::unique_ptr<worker> worker_;
};

/// Runs a short command (`claude --version`) through the shim, with an empty stdin, and gives what
/// it wrote to stdout; what goes beyond 64 KiB is dropped. Blocks up to `timeout`, and at most
/// 4 s more to end a command that is late; only for start-up. Any thread.
/// Fails with: cli_unavailable (can't start, non-zero exit, no end in time); detail has stderr's
/// first 512 bytes, made safe for a log.
domain::result<std::string> run_to_end(const std::string& shim, const spawn_spec& spec,
                                       std::chrono::milliseconds timeout);

} // namespace ccapi::process
