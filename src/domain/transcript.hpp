#pragma once
// transcript: what a conversation holds, and how a request continues it. Pure.

#include "domain/chat_request.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::domain {

/// The dialogue so far: complete turns only, so it is empty or ends with an assistant message.
struct transcript {
  std::string system_prompt;
  std::vector<message> messages;

  /// Bytes of text held.
  [[nodiscard]] std::size_t bytes() const noexcept;
};

/// A turn whose client left before its end. Kept for the record; never context of a later turn.
struct interrupted_turn {
  std::size_t position = 0; ///< messages of the transcript before it
  message query;
  std::string said; ///< what there was of the answer
};

/// How the next turn is to be run. The dialogue before the query is the first `kept` messages of
/// the stored transcript, then `added`: long dialogues are never copied.
struct turn_plan {
  std::string system_prompt;
  std::size_t kept = 0;
  std::vector<message> added;
  /// The user message to be answered.
  message query;
  /// The request brings the kept messages itself: none of them may be left out.
  bool request_has_kept = false;
  /// The conversation's live process knows exactly the kept messages and the system prompt.
  bool continues = false;
};

/// Plans the turn that `request` asks for. `stored` is the conversation's transcript, if it has
/// one. Messages that extend the stored ones, or user messages alone, continue it; anything else
/// is a branch that replaces it. Another system prompt means another process; a request without
/// one keeps the conversation's, or takes `default_system_prompt` in a new conversation.
turn_plan plan_turn(const std::optional<transcript>& stored, const chat_request& request,
                    const std::string& default_system_prompt);

/// What a process must be told before the query: all, or only what it does not know. Of kept
/// messages that the request does not bring, only the last `stored_max` (0 = all), from a user
/// message on.
std::vector<message> seed_for(const turn_plan& plan, const std::optional<transcript>& stored,
                              bool process_knows_kept, std::size_t stored_max = 0);

/// The transcript after the turn was answered.
void apply_turn(std::optional<transcript>& stored, turn_plan&& plan, std::string answer);

} // namespace ccapi::domain
