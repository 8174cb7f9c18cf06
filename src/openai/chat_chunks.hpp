#pragma once
// The server-sent events of one streamed chat completion, as bytes. Pure: all calls append to a
// string that the caller owns.

#include "domain/error.hpp"
#include "domain/turn/event.hpp"
#include "openai/answer.hpp"

#include <string>
#include <string_view>

namespace ccapi::openai {

/// Order: role, any number of text and reasoning, then finish or fail, then nothing. The role chunk
/// comes by itself before anything that needs it. One thread at a time.
class chat_chunks {
public:
  /// `include_usage`: a chunk with the usage before the end; all others then say "usage":null.
  chat_chunks(answer_identity identity, bool include_usage);

  /// The opening chunk; it alone carries the conversation_id. Without effect when repeated.
  void role(std::string& out);
  /// `delta` ends on a character's boundary. An empty one writes nothing.
  void text(std::string_view delta, std::string& out);
  /// As text(); sent under both names that clients look for.
  void reasoning(std::string_view delta, std::string& out);
  /// The finish reason, the usage if asked for, and [DONE].
  void finish(domain::finish_reason reason, const domain::usage& used, std::string& out);
  /// An error frame, and no [DONE]: some clients take that for the end of a whole answer.
  static void fail(const domain::error& failure, std::string& out);
  /// A comment that keeps the connection alive; allowed between any two chunks.
  static void ping(std::string& out);

private:
  answer_identity identity_;
  bool include_usage_;
  bool opened_ = false;
  std::string head_;            ///< of every chunk, up to and without "choices"
  std::string delta_head_;      ///< of a chunk with a delta, up to and with its '{'
  std::string_view delta_tail_; ///< from the delta's '}' to the end of the event
};

} // namespace ccapi::openai
