#pragma once
// What the tests of this room share: starting children, reading their pipes, finding what is left
// of a tree. Every wait is for a condition, with a deadline.

#include "process/executable.hpp"
#include "process/launcher.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace ccapi::process::probe {

using namespace std::chrono_literals;

/// Longer than anything here takes under sanitizers on a busy machine.
inline constexpr std::chrono::milliseconds patience{20'000};

inline std::string shim() {
  auto found = find_shim("");
  return found ? *found : std::string{};
}

/// A child and the promise of its end.
struct running {
  child_process child;
  std::future<exit_status> ended;

  /// Fails the test and gives {-2, 0} when the child does not end in time.
  exit_status wait();
};

/// Runs `arguments[0]` with the rest as arguments, in "/", with `environment`.
spawn_spec command(std::vector<std::string> arguments, std::vector<std::string> environment = {});
/// Runs a shell script.
spawn_spec script(const std::string& text, std::vector<std::string> environment = {});

domain::result<running> try_start(launcher& by, spawn_spec spec);
/// Fails the test when the child can't be started.
running start(launcher& by, spawn_spec spec);

/// Up to the end of the stream. Fails the test when it does not come in time.
std::string read_all(const unique_fd& pipe);
/// One line, without '\n'.
std::string read_line(const unique_fd& pipe);

/// A variable to put into an environment by which a tree is found again.
std::string new_mark();
/// Living processes whose environment has `mark`.
std::vector<pid_t> marked(const std::string& mark);
/// True as soon as no process with `mark` lives; false at the deadline.
bool gone_within(const std::string& mark, std::chrono::milliseconds limit);

/// True if this process has a child, living or zombie.
bool has_children();
std::size_t open_descriptors();

} // namespace ccapi::process::probe
