#pragma once
// Domain events: what happens in a turn, in words that neither the CLI nor a client owns.

#include "domain/error.hpp"
#include "domain/match.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace ccapi::domain {

enum class finish_reason : std::uint8_t {
  stop,
  length,
  content_filter,
  tool_calls, ///< the answer ends with calls, whose results the next turn brings
};

/// Tokens of one turn, summed over its API calls; of a call 10^12 at most. And what it cost.
struct usage {
  std::int64_t input_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  std::int64_t cache_read_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t reasoning_tokens = 0; ///< part of output_tokens; 0 where the CLI does not tell
  /// In millionths of a US dollar, as the CLI reckons; 10^12 at most. What the CLI does for several
  /// turns, as tools are called, is the last one's: of the others it is 0.
  std::int64_t cost_micro_usd = 0;

  /// What OpenAI calls prompt_tokens.
  [[nodiscard]] std::int64_t prompt_tokens() const noexcept {
    return input_tokens + cache_write_tokens + cache_read_tokens;
  }
  usage& operator+=(const usage& other) noexcept {
    input_tokens += other.input_tokens;
    cache_write_tokens += other.cache_write_tokens;
    cache_read_tokens += other.cache_read_tokens;
    output_tokens += other.output_tokens;
    reasoning_tokens += other.reasoning_tokens;
    cost_micro_usd += other.cost_micro_usd;
    return *this;
  }
  friend bool operator==(const usage&, const usage&) = default;
};

/// The turn has come to its conversation. The first event of every turn, unless it fails at once.
struct turn_accepted {
  std::string conversation_id;
};
/// A process has the turn. Comes again if the turn runs a second time.
struct turn_placed {
  match_outcome outcome = match_outcome::fresh;
  bool spare = false;                 ///< on a process that was started ahead
  bool primed = false;                ///< which knew the system prompt already
  std::chrono::microseconds waited{}; ///< for a process, and for turns ahead
  /// Parameters that the model does not take, or takes otherwise (domain/models/turn_settings).
  std::vector<std::string> dropped{};
};
/// The process has been told everything, and asks the API. Comes again with turn_placed.
struct question_sent {};
/// The API began to answer. At most once per turn, before any delta.
struct answer_started {
  std::string model;                 ///< the model that runs, as the CLI reports it
  std::chrono::microseconds boot{};  ///< until the process was ready; 0: it was
  std::chrono::microseconds setup{}; ///< until it was told everything
  std::chrono::microseconds first{}; ///< from then to now
  bool fell_back = false; ///< `model` stands in for the one asked for, which was busy or declined
};
struct text_delta {
  std::string text;
};
struct reasoning_delta {
  std::string text;
};
/// The model begins to call a tool. Comes behind the answer's texts, as a rule.
struct tool_call_started {
  std::size_t index = 0; ///< of the call in the answer, from 0
  std::string id;        ///< as the API gave it
  std::string name;      ///< as the client knows the tool
};
/// A piece of the arguments, JSON text: all pieces of a call together are one object.
struct tool_input_delta {
  std::size_t index = 0; ///< of the call
  std::string json;
};
/// Terminal: the turn is complete.
struct turn_finished {
  finish_reason reason = finish_reason::stop;
  domain::usage usage{};
  std::string model{};   ///< the model that ran
  bool unstored = false; ///< it should be in the store, but is not
};
/// Terminal: the turn failed. Deltas may have been sent before.
struct turn_failed {
  error failure;
  domain::usage usage{}; ///< of what was tried, as far as it is known
};

using event =
  std::variant<turn_accepted, turn_placed, question_sent, answer_started, text_delta,
               reasoning_delta, tool_call_started, tool_input_delta, turn_finished, turn_failed>;

/// Payload bytes of an event: the unit of the stream's byte credit. 0 for all but deltas, of which
/// the beginning of a call is one.
inline std::size_t credit_bytes(const event& what) noexcept {
  if (const auto* text = std::get_if<text_delta>(&what))
    return text->text.size();
  if (const auto* reasoning = std::get_if<reasoning_delta>(&what))
    return reasoning->text.size();
  if (const auto* call = std::get_if<tool_call_started>(&what))
    return call->id.size() + call->name.size();
  if (const auto* input = std::get_if<tool_input_delta>(&what))
    return input->json.size();
  return 0;
}

/// The text of a delta that tells nothing else but where it belongs; null for other events.
inline std::string* delta_text(event& what) noexcept {
  if (auto* text = std::get_if<text_delta>(&what))
    return &text->text;
  if (auto* reasoning = std::get_if<reasoning_delta>(&what))
    return &reasoning->text;
  if (auto* input = std::get_if<tool_input_delta>(&what))
    return &input->json;
  return nullptr;
}

/// Two such deltas may become one: they are of one kind, and of the same call.
inline bool belong_together(const event& a, const event& b) noexcept {
  if (a.index() != b.index())
    return false;
  const auto* const first = std::get_if<tool_input_delta>(&a);
  const auto* const second = std::get_if<tool_input_delta>(&b);
  return !first || !second || first->index == second->index;
}

inline bool is_terminal(const event& what) noexcept {
  return std::holds_alternative<turn_finished>(what) || std::holds_alternative<turn_failed>(what);
}

} // namespace ccapi::domain
