#pragma once
// answer_encoder: how one answer of a turn is told in a dialect, streamed or whole.

#include "domain/content.hpp"
#include "domain/turn/event.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::dialect {

/// What is known when an answer begins.
struct answer_start {
  std::string model; ///< as the client shall see it
  std::string_view conversation_id;
};

/// All that a turn has said.
struct whole_answer {
  std::string text{};
  std::string reasoning{};
  /// In order, with the ids and names of their events. `canonical` is left out, and `arguments` is
  /// empty where no piece of them came.
  std::vector<domain::tool_use_block> calls{};
};

/// Made by a dialect's parser for one answer: either whole() once, or open(), then any number of
/// event() and ping(). The calls of a stream append complete server-sent events to a string that
/// the caller owns. One thread at a time.
class answer_encoder {
public:
  virtual ~answer_encoder() = default;

  /// What a stream begins with.
  virtual void open(answer_start&& start, std::string& out) = 0;
  /// A delta, or the end: turn_finished, or turn_failed, behind which nobody may take the answer
  /// for complete. Other events say nothing. Deltas end on a character's boundary.
  virtual void event(const domain::event& what, std::string& out) = 0;
  /// Of an answer of several choices: what follows is of this one. 0 is selected at first.
  virtual void select(std::size_t) noexcept {}
  /// Keeps the connection alive; allowed between any two events.
  virtual void ping(std::string& out) = 0;

  /// The body of an answer that is not streamed.
  virtual std::string whole(answer_start&& start, const whole_answer& said,
                            const domain::turn_finished& end) = 0;
};

/// The same for an answer of several choices, each of which a turn makes. A stream tells deltas and
/// turn_finished of all of them, in any order; with the last turn_finished it is complete.
class choices_encoder : public answer_encoder {
public:
  /// More than one.
  [[nodiscard]] virtual std::size_t count() const noexcept = 0;
  /// Takes all that the selected one has said, for an answer that is not streamed. The last one
  /// comes with whole() instead.
  virtual void keep(whole_answer&& said, const domain::turn_finished& end) = 0;
};

} // namespace ccapi::dialect
