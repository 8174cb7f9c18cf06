#pragma once
// turn_plan: how a request goes on with what is known, and how a process gets there. Pure.

#include "domain/dialogue/prefix_index.hpp"
#include "domain/match.hpp"
#include "domain/result.hpp"
#include "domain/turn/chat_request.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::domain {

/// What the next turn is.
struct turn_plan {
  dialogue before; ///< all that comes ahead of the query
  message query;   ///< the user message to be answered
  /// Of `before`, the messages that the request did not bring itself: so many from the start.
  std::size_t recalled = 0;
  /// It shares a beginning with a known dialogue that it does not simply extend.
  bool branches = false;
  /// Results of calls that nobody has made were turned into text.
  bool results_as_text = false;
};

/// The query shows pictures, and with those ahead of it there are more than `most`.
bool shows_more_media(const turn_plan& plan, std::size_t most);

/// A dialogue named by an id. Messages that extend it, or user messages alone, continue it;
/// anything else is a branch that replaces it. A request without a system prompt keeps the
/// dialogue's, or takes `default_system_prompt` where there is none.
/// `head`: the dialogue so far; null: none. `call_ids`: of the calls that it ends with, as the
/// client knows them; none: as the dialogue has them. `request.messages` are used up. Fails as
/// settle_open_calls.
result<turn_plan> plan_named(prefix_index& index, const dialogue& head, chat_request& request,
                             const std::string& default_system_prompt,
                             std::span<const std::string> call_ids = {});

/// A dialogue that the request brings whole. `head`: the conversation's so far; null: none.
/// `known`: what prefix_index::longest found of the request's; null: nothing. `request.messages`
/// are used up.
turn_plan plan_whole(prefix_index& index, const dialogue& head, const dialogue& known,
                     chat_request& request, const std::string& default_system_prompt);

/// The root of the dialogue that a request brings whole.
root_view root_of(const chat_request& request, std::string_view default_system_prompt);

/// Beyond this many questions to be taken back a process is quicker told the dialogue anew.
inline constexpr std::size_t rewinds_max = 12;

/// How a live process gets to `before`.
struct reuse_plan {
  std::size_t rewinds = 0;               ///< questions that it must take back, the last one first
  const dialogue_node* stands = nullptr; ///< where that leaves it
};

/// Nothing if it can't, if that would cost more than a new process, or if nothing of what it holds
/// is wanted and not `allow_full_rewind`. `at`: the dialogue that the process holds. `rewindable`:
/// how many of its last questions it can take back, each with what follows it: results of calls are
/// no questions. `leaves_run`: its last answer ends with calls that will not be answered, so that
/// question has to go.
std::optional<reuse_plan> plan_reuse(const dialogue& before, const dialogue& at,
                                     std::size_t rewindable, bool allow_full_rewind = false,
                                     bool leaves_run = false);

/// `how`: the way of the live process that runs the turn; nothing: a new one does.
match_outcome outcome_of(const turn_plan& plan, const std::optional<reuse_plan>& how) noexcept;

/// What a process that stands at `stands` (null: knows nothing) must be told ahead of the query:
/// messages of `plan.before`. Of messages that were recalled, only the last `recalled_max` (0 =
/// all), from a user message on.
messages_of_dialogue seed_for(const turn_plan& plan, const dialogue_node* stands,
                              std::size_t recalled_max = 0);

/// The dialogue after the turn was answered. `answer`: an assistant's message.
dialogue answered(prefix_index& index, const turn_plan& plan, message answer);

} // namespace ccapi::domain
