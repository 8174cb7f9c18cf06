#pragma once
// lines: writes what the CLI prints, in the shape of 2.1.197 or of newer versions.

#include "standin/part.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ccapi::standin {

/// Tokens of API calls.
struct token_usage {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cache_write = 0;
  std::int64_t cache_read = 0;
};

/// Who prints the lines.
struct identity {
  std::string version; ///< all but 2.1.197 are of the newer shape
  std::string model;   ///< that answers claim to be from
  std::string session_id;
  std::string maker; ///< a word in ids of messages
  std::string key_source = "none";
  double call_cost = 0; ///< US dollars
};

enum class block { text, thinking, tool_use };

/// Where an interrupt met the turn.
struct open_answer {
  bool message = false;  ///< begun and not ended
  bool block = false;    ///< begun and not ended; `index` is its
  bool unspoken = false; ///< no assistant line has told of `text`
  int index = 0;
  std::string_view text;
  std::int64_t output_tokens = 0;
  token_usage finished = {}; ///< of the turn's calls of the API before this one
};

/// Each function appends a line (some: several), newline included. Texts are written as they are,
/// ill-formed UTF-8 as well.
class line_writer {
public:
  explicit line_writer(identity who);

  /// With --bare newer versions print this before the first message; its `event` is a string.
  void ui_invalidate(std::string& out);
  void init(std::string& out);
  void status(std::string& out);
  /// Begins a message; the lines up to message_stop belong to it. The call's output tokens are
  /// not known yet.
  void message_start(std::string& out, const token_usage& call);
  void block_start(std::string& out, int index, block kind);
  void tool_start(std::string& out, int index, std::string_view id, std::string_view name);
  void delta(std::string& out, int index, block kind, std::string_view text);
  /// A whole block of the open message.
  void assistant(std::string& out, block kind, std::string_view text);
  void assistant_call(std::string& out, const part& use);
  /// A call's result, which the next request will hold. `raw`: the tool's own answer, JSON.
  void tool_result(std::string& out, const part& result, std::string_view raw);
  void block_stop(std::string& out, int index);
  /// An empty stop reason or sequence is written as null.
  void message_delta(std::string& out, std::string_view stop_reason, std::string_view stop_sequence,
                     std::int64_t output_tokens);
  void message_stop(std::string& out);
  void user_note(std::string& out, std::string_view text);
  /// What newer versions tell of a line that had a uuid: "queued", "started", "completed".
  void lifecycle(std::string& out, std::string_view command_uuid, std::string_view state);
  /// A user line is taken.
  void accepted(std::string& out, std::string_view uuid);
  /// All that follows on a user line that asks the API nothing: one of the past, or a command.
  void settled(std::string& out, std::string_view uuid, std::string_view text = {});

  /// The end of a turn that went well, after `calls` calls of the API that took `usage` in all.
  void result(std::string& out, std::string_view text, std::string_view stop_reason,
              const token_usage& usage, int calls);
  /// What the init lines that follow name: JSON arrays.
  void show_tools(std::string tools, std::string servers);
  /// The end of a turn whose API call failed; status 0 is written as null.
  void error_result(std::string& out, int status, std::string_view text,
                    std::string_view stop_reason);
  /// All that is said of a turn that was interrupted while calls waited, behind their results.
  void interrupted_calls(std::string& out, const token_usage& usage);
  /// All that is said of an interrupted turn.
  void interrupted(std::string& out, const open_answer& where, std::string_view stop_reason = {});

  void api_retry(std::string& out, int attempt, int status, std::int64_t delay_ms);
  void refusal_note(std::string& out);
  /// What is told of a limit of the account, in the declared schema; `utilization`: in percent.
  void rate_limit(std::string& out, std::string_view status, std::string_view type,
                  std::int64_t resets_at, std::int64_t utilization);
  /// An answer that is no model's.
  void synthetic(std::string& out, std::string_view text, std::string_view stop_reason);
  /// An answer that was not streamed.
  void whole_message(std::string& out, std::string_view text, std::string_view stop_reason,
                     const token_usage& usage);

  /// `response`: a JSON object, or empty.
  static void control_success(std::string& out, std::string_view request_id,
                              std::string_view response);
  /// A JSON-RPC message to an MCP server of the parent.
  static void mcp_message(std::string& out, std::string_view request_id, std::string_view server,
                          std::string_view message);
  static void control_error(std::string& out, std::string_view request_id, std::string_view text);

  /// Ends a line that is not of the CLI's kinds: the members behind `,` that end every line.
  void tail(std::string& out);

  [[nodiscard]] bool newer() const noexcept { return newer_; }
  [[nodiscard]] const std::string& version() const noexcept { return who_.version; }
  [[nodiscard]] const std::string& model() const noexcept { return who_.model; }
  [[nodiscard]] const std::string& session_id() const noexcept { return who_.session_id; }
  /// From now on another model answers.
  void change_model(std::string model) { who_.model = std::move(model); }
  /// From now on lines carry another session id (a CLI that has gone wrong).
  void change_session(std::string id) { who_.session_id = std::move(id); }

private:
  struct message_text {
    std::string_view id;
    std::string_view model;
    std::string_view text;
    std::string_view stop_reason;
    const part* use = nullptr; ///< a call in place of a text
    bool thinking = false;
    bool synthetic = false;
  };

  void event_head(std::string& out, std::string_view type);
  void event_tail(std::string& out);
  void message_line(std::string& out, const message_text& what, const token_usage& usage);
  static void append_usage(std::string& out, const token_usage& usage);
  void open_result(std::string& out, std::string_view kind, const token_usage& usage);
  void close_result(std::string& out, std::string_view kind);
  void append_uuid(std::string& out);

  identity who_;
  bool newer_;
  std::string uuid_head_; ///< of every line's uuid; the rest is a number
  std::uint64_t serial_ = 0;
  std::string message_id_;
  token_usage message_usage_;
  int calls_ = 0;   ///< of the API, in all
  int results_ = 0; ///< of tools, in this turn
  std::string tools_ = "[]";
  std::string servers_ = "[]";
};

} // namespace ccapi::standin
