#pragma once
// scripted_cli: a child that the test plays by hand. It holds the far ends of the child's pipes and
// reads and writes the lines that the CLI would.

#include "process/child_process.hpp"
#include "tests/support/cli_lines.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ccapi::actors::test {

namespace cli_lines = ccapi::test::cli_lines;
using ccapi::test::field;

/// All calls are non-blocking; pump the event loop between them.
class scripted_cli {
public:
  /// The gateway's ends of the same pipes.
  process::child_process make_child(domain::process_id id);

  /// The next line on stdin, without '\n'; empty: there is none.
  std::string next_line();
  /// Nothing unread on stdin.
  bool silent();
  /// The gateway has closed stdin.
  bool input_closed();
  /// The gateway has given the whole tree up.
  [[nodiscard]] bool life_closed() const;

  /// Writes to stdout as much as the pipe takes; the number of bytes.
  std::size_t say(std::string_view lines) const;
  /// Writes to stderr.
  void complain(std::string_view text) const;
  /// Bytes of stdout that the gateway has not read.
  [[nodiscard]] std::size_t unread_output() const;
  /// Ends stdout.
  void close_output() { stdout_.reset(); }
  /// Ends stdin, stdout and stderr, as a process that dies.
  void die();
  [[nodiscard]] bool dead() const { return !stdout_.valid(); }

  /// Takes a control request of this subtype from stdin and gives its id; fails the test if the
  /// next line is something else.
  std::string take_control(std::string_view subtype);
  /// Takes a user line and gives its text. `seeded`: one that asks for no answer.
  std::string take_user(bool seeded = false);
  /// Takes a seeded assistant line and gives its text.
  std::string take_assistant();
  /// Takes the readiness probe and answers it.
  void boot();

private:
  void receive();

  process::unique_fd stdin_;
  process::unique_fd stdout_;
  process::unique_fd stderr_;
  process::unique_fd life_;
  std::string received_;
  bool input_closed_ = false;
};

} // namespace ccapi::actors::test
