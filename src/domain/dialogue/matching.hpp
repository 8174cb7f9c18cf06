#pragma once
// matching: which conversation a request belongs to that brings its dialogue whole, and whose
// process may answer it. Pure.

#include <cstdint>
#include <optional>

namespace ccapi::domain {

/// A conversation that went through the known part of a request's dialogue.
struct last_conversation {
  bool named = false;      ///< goes on only with requests that name it
  bool has_mail = false;   ///< turns are on their way to it
  bool in_use = false;     ///< it has a turn or a process
  bool ends_there = false; ///< its dialogue is exactly the known part
  bool has_idle_process = false;
};

/// What the conversations of a thread have to offer to a request.
struct match_candidates {
  /// Messages of the request's dialogue that are known; 0: its root alone is.
  std::size_t known_messages = 0;
  /// One rests at exactly the known part, with an idle process, and is not named.
  bool one_rests_there = false;
  /// The last one that went through all of the known part; nothing: it is gone.
  std::optional<last_conversation> last{};
  /// One has rested for a while after the single turn of its dialogue, which has the same root, and
  /// such dialogues do not usually go on.
  bool one_turn_rests = false;
  /// Processes may serve one dialogue after the other (`process_pool.reuse`).
  bool reuse = true;
};

/// One of the candidates.
enum class match_candidate : std::uint8_t { none, rests_there, last, one_turn };

struct match_choice {
  /// The request goes on in this conversation; none: in a new one.
  match_candidate conversation = match_candidate::none;
  /// A new conversation takes the idle process of this one; none: any that the supervisor has.
  match_candidate donor = match_candidate::none;
  /// That process may be led back to the root, so that nothing of what it holds is used.
  bool allow_full_rewind = false;

  friend bool operator==(const match_choice&, const match_choice&) = default;
};

/// For a request of whose dialogue at least the root is known.
match_choice choose_match(const match_candidates& found) noexcept;

} // namespace ccapi::domain
