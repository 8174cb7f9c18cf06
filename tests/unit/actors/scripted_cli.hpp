#pragma once
// scripted_cli: a child that the test plays by hand. It holds the far ends of the child's pipes and
// reads and writes the lines that the CLI would.

#include "process/child_process.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ccapi::actors::test {

/// Lines that the CLI writes; each with its '\n'.
namespace cli_lines {
std::string version(std::string_view request_id, std::string_view version = "2.1.330");
std::string accepted(std::string_view request_id);
std::string refused(std::string_view request_id, std::string_view why);
std::string rewound(std::string_view request_id, bool done = true);
std::string message_start();
std::string text(std::string_view text);
std::string message_delta(std::string_view stop_reason = "end_turn");
/// Ends a turn, or a seeded user line.
std::string result(std::string_view stop_reason = "end_turn", std::string_view words = {});
std::string interrupted_result();
std::string error_result(int status, std::string_view text);
/// The API refused the call with `status`; the CLI will ask again after that time.
std::string api_retry(int status, int delay_ms);
/// A whole answer that was not streamed.
std::string whole_message(std::string_view text, std::string_view stop_reason);
/// A streamed answer, from its first line to the turn's result.
std::string answer(std::string_view text);
} // namespace cli_lines

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

/// The text of a control request's or a user line's field, as the tests need it: the string behind
/// the first `"key":"`; escapes are kept.
std::string field(std::string_view line, std::string_view key);

} // namespace ccapi::actors::test
