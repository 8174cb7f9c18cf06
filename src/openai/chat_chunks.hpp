#pragma once
// The server-sent events of one streamed chat completion, as bytes. Pure: all calls append to a
// string that the caller owns.

#include "domain/error.hpp"
#include "domain/turn/event.hpp"
#include "openai/answer.hpp"
#include "openai/call_style.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::openai {

/// Order: role, any number of text, reasoning and calls, then finish or fail, then nothing. The
/// role chunk comes by itself before anything that needs it. One thread at a time.
class chat_chunks {
public:
  /// `include_usage`: a chunk with the usage before the end; all others then say "usage":null.
  /// `choice`: of those that one answer tells.
  chat_chunks(answer_identity identity, bool include_usage, call_style style = {},
              std::size_t choice = 0);

  /// The opening chunk; it alone carries the conversation_id. Without effect when repeated.
  void role(std::string& out);
  /// `delta` ends on a character's boundary. An empty one writes nothing.
  void text(std::string_view delta, std::string& out);
  /// As text(); sent under both names that clients look for.
  void reasoning(std::string_view delta, std::string& out);
  /// A call begins; in the legacy form only the first one is told.
  void call(const domain::tool_call_started& begun, std::string& out);
  /// A piece of a call's arguments. One that had none until something else follows has "{}".
  void input(const domain::tool_input_delta& piece, std::string& out);
  /// The finish reason, the usage if asked for, and [DONE].
  void finish(const domain::turn_finished& end, std::string& out);
  /// The finish reason alone, of one of several choices; and "stored":false if it was not kept.
  void finish_choice(const domain::turn_finished& end, std::string& out);
  /// What follows the last of them: the usage if asked for, and [DONE].
  void finish_all(const domain::usage& used, std::string& out);
  /// An error frame, and no [DONE]: some clients take that for the end of a whole answer.
  static void fail(const domain::error& failure, std::string& out);
  /// A comment that keeps the connection alive; allowed between any two chunks.
  static void ping(std::string& out);

private:
  /// The call that arguments come for.
  struct open_call {
    std::size_t index = 0;
    bool custom = false;
    bool told = false; ///< something of its arguments
    custom_input reader{};
  };

  void end_call(std::string& out);
  void begin_delta(std::size_t index, std::string& out);
  void end_delta(std::string& out);
  void arguments(std::size_t index, bool custom, std::string_view piece, std::string& out);

  answer_identity identity_;
  bool include_usage_;
  call_style style_;
  std::size_t choice_;
  std::optional<open_call> call_{};
  bool opened_ = false;
  std::string head_;            ///< of every chunk, up to and without "choices"
  std::string delta_head_;      ///< of a chunk with a delta, up to and with its '{'
  std::string_view delta_tail_; ///< from the delta's '}' to the end of the event
};

} // namespace ccapi::openai
