#pragma once
// lines: renders what the CLI prints, in the shape of 2.1.197 or of newer versions.

#include <cstdint>
#include <string>
#include <string_view>

namespace fake_claude {

/// Tokens of one API call; a different number per field, the same as the Messages API stand-in's.
struct call_usage {
  int input = 11;
  int cache_write = 23;
  int cache_read = 37;
  int output = 53;
};

/// Every function appends one line, newline included.
class line_writer {
public:
  /// `model` as it stood in --model; `newer` = not 2.1.197.
  line_writer(std::string version, bool newer, std::string_view model, std::string session_id);

  void init(std::string& out);
  void status(std::string& out);
  void message_start(std::string& out);
  void block_start(std::string& out, int index, bool thinking);
  void delta(std::string& out, int index, std::string_view kind, std::string_view text);
  /// One finished block of the open message.
  void assistant(std::string& out, bool thinking, std::string_view text);
  void synthetic(std::string& out, std::string_view text, std::string_view stop_reason);
  void block_stop(std::string& out, int index);
  /// An empty stop reason is written as null.
  void message_delta(std::string& out, std::string_view stop_reason);
  void message_stop(std::string& out);
  void user_note(std::string& out, std::string_view text);
  void api_retry(std::string& out, int attempt, int status, std::int64_t delay_ms = 1);
  void refusal_note(std::string& out);
  /// The end of a turn that went well; `calls` = API calls in it (0 for a seeded line).
  void result(std::string& out, std::string_view text, std::string_view stop_reason, int calls);
  /// The end of a turn whose API call failed; status 0 is written as null.
  void error_result(std::string& out, int status, std::string_view text,
                    std::string_view stop_reason);
  void interrupted_result(std::string& out, std::string_view stop_reason);
  void control_success(std::string& out, std::string_view request_id, std::string_view response);
  void control_error(std::string& out, std::string_view request_id, std::string_view text);
  void unknown(std::string& out);
  /// What newer versions tell of a line that had a uuid: "queued", "started", "completed".
  void lifecycle(std::string& out, std::string_view command_uuid, std::string_view state);
  /// What newer versions with --bare print before the first message; its `event` is a string.
  void ui_invalidate(std::string& out);

  [[nodiscard]] bool newer() const noexcept { return newer_; }
  [[nodiscard]] const std::string& model() const noexcept { return model_; }
  /// As requests name it.
  [[nodiscard]] std::string_view model_upstream() const noexcept;
  [[nodiscard]] const std::string& version() const noexcept { return version_; }
  [[nodiscard]] const std::string& session_id() const noexcept { return session_id_; }
  /// From now on another model answers.
  void change_model(std::string_view model);
  /// From now on lines carry another session id (a CLI that has gone wrong).
  void change_session(std::string id) { session_id_ = std::move(id); }

private:
  void event(std::string& out, std::string_view inner);
  void tail(std::string& out);
  std::string uuid();
  static std::string usage_json(const call_usage& usage, int calls);
  void result_line(std::string& out, std::string_view head, std::string_view rest, int calls);

  std::string version_;
  bool newer_;
  std::string model_;
  std::string session_id_;
  std::string message_id_;
  std::uint64_t serial_ = 0;
  int calls_total_ = 0;
};

} // namespace fake_claude
