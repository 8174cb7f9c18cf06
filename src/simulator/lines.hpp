#pragma once
// lines: writes the CLI's output lines, in the form of version 2.1.330. Each function appends one
// line with its '\n'.

#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::simulator {

struct token_usage {
  std::int64_t input = 0;
  std::int64_t output = 0;
};

class line_writer {
public:
  line_writer();

  void init(std::string& out) const;
  void status(std::string& out) const;
  /// Begins a message; the lines up to message_stop belong to it.
  void message_start(std::string& out, std::int64_t input_tokens);
  void block_start(std::string& out) const;
  void delta(std::string& out, std::string_view text) const;
  /// The whole text of the block, which is only said when it is complete.
  void assistant(std::string& out, std::string_view text, std::int64_t input_tokens) const;
  void block_stop(std::string& out) const;
  /// An empty stop reason or sequence is written as null.
  void message_delta(std::string& out, std::string_view stop_reason, std::string_view stop_sequence,
                     std::int64_t output_tokens) const;
  void message_stop(std::string& out) const;
  /// The turn went well. An empty stop reason: nothing was asked (a line of the past).
  void result(std::string& out, std::string_view text, std::string_view stop_reason,
              token_usage usage) const;
  void interrupted_note(std::string& out) const;
  void interrupted_result(std::string& out) const;
  /// `response`: a JSON object, or empty.
  static void control_success(std::string& out, std::string_view request_id,
                              std::string_view response);
  static void control_error(std::string& out, std::string_view request_id, std::string_view text);

private:
  void event(std::string& out, std::string_view inner) const;
  /// The members that end every line but control lines.
  void tail(std::string& out) const;

  std::string session_id_;
  std::string message_id_;
};

} // namespace ccapi::simulator
