#pragma once
// What a client asks for, free of any client's or the CLI's dialect.

#include "domain/content.hpp"
#include "domain/turn/answer_format.hpp"
#include "domain/turn/cached_answer.hpp"
#include "domain/turn/tools.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::domain {

/// Sampling parameters as the client wants them; domain/models/turn_settings says what becomes of
/// them. Unset = the CLI's own choice.
struct sampling {
  std::optional<double> temperature;      ///< 0..2
  std::optional<double> top_p;            ///< 0..1
  std::vector<std::string> stop;          ///< at most 4, none empty
  std::optional<std::int64_t> max_tokens; ///< >= 1

  friend bool operator==(const sampling&, const sampling&) = default;
};

/// How hard the model shall think, in OpenAI's words and two of Anthropic's (xhigh, max).
enum class reasoning_effort : std::uint8_t { none, minimal, low, medium, high, xhigh, max };

/// Joins the texts of a system prompt.
inline constexpr std::string_view prompt_paragraph = "\n\n";

/// What the system text ahead of a dialogue is (domain/dialogue/opening.hpp).
enum class opening : std::uint8_t {
  plain,   ///< a system prompt, or there is none
  asked,   ///< it stood alone: the last of it has become the first message
  open,    ///< an assistant's message follows: a prompt, or the question that this one answers
  resumed, ///< of these, the question; the first message again
};

struct text_range {
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// A checked request. Invariants (kept by the dialects' parsers): `messages` is not empty and ends
/// with a user message; behind an assistant's message with calls comes a user's that begins with
/// the results of all of them, and nowhere else are results, but for a first message of a request
/// with `conversation_id`: it may hold results of calls that only the conversation knows, with
/// their ids; `model` is a resolved name that is
/// safe in argv; `conversation_id`, if set, matches [A-Za-z0-9._-]{1,128}; `tenant` is empty or
/// matches [A-Za-z0-9._-]{1,64}.
struct chat_request {
  std::string request_id;
  std::string tenant{};    ///< whose conversations; empty = the only tenant
  std::string model;       ///< resolved, as the CLI shall get it
  bool model_given = true; ///< false: none was named, a known conversation keeps its own
  std::optional<std::string> system_prompt; ///< unset: the request has no system message
  std::vector<message> messages;
  /// The calls whose results the last message brings, as the client names them.
  std::vector<std::string> answered_calls{};
  domain::opening opening = domain::opening::plain;
  text_range question_at{}; ///< if the opening is open: the text in doubt, in `system_prompt`
  domain::sampling sampling;
  /// What the client asks for to get equal answers. The model knows nothing of it; the cache does.
  std::optional<std::int64_t> seed{};
  std::string unheeded{}; ///< likewise: further wishes that have no effect, as JSON
  std::optional<reasoning_effort> reasoning{};   ///< unset: the client has no wish
  tool_list tools{};                             ///< that the model may call in this turn
  tool_list declared_tools{};                    ///< all, if the choice leaves some out; else none
  domain::tool_choice tool_choice{};             ///< says nothing without tools
  std::shared_ptr<const answer_format> format{}; ///< null: any text
  bool in_one_piece = false; ///< the client sees nothing of the answer before it is complete
  bool strict = false;       ///< fail rather than leave out what the model does not take
  std::optional<std::string> conversation_id;
  /// Set by gateway::look_up: its answer is kept, and its run may be shared. Null: neither.
  std::shared_ptr<const domain::cache_key> cache_key{};
};

} // namespace ccapi::domain
