#pragma once
// answer: the canned text, which says what it is, and how it is cut up. Pure.

#include "standin/dialogue.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::simulator {

/// The beginning of a text on one line: control characters become spaces, what is beyond
/// `bytes_max` becomes "…". No character is split.
std::string excerpt(std::string_view text, std::size_t bytes_max);

/// The answer to `question`, which is the last message of `known`. Begins with "[demo]" and one
/// sentence that no Claude was asked; repeats the question and tells how much it knows.
std::string answer_text(std::string_view question, const std::vector<standin::spoken>& known,
                        std::size_t system_prompt_bytes);

/// The answer where CLAUDE_CODE_EXTRA_BODY gives a schema for it: JSON of made-up values. Nothing:
/// it gives none.
std::optional<std::string> answer_in_form(std::string extra_body);

/// What CLAUDE_CODE_EXTRA_BODY asks for and the simulator can do.
struct answer_limits {
  std::vector<std::string> stop;
  std::optional<std::int64_t> max_tokens; ///< from 1; a delta counts as one token
};

/// None in what is no JSON object: "" takes back what was set.
answer_limits read_limits(std::string extra_body);

struct answer {
  std::vector<std::string> deltas; ///< a word each, with the space behind it
  std::string stop_reason;         ///< end_turn, stop_sequence or max_tokens
  std::string stop_sequence;       ///< the one that was met; else empty
};

/// Cuts the text up, ending before the first stop sequence and behind max_tokens deltas.
answer cut(std::string_view text, const answer_limits& limits);

/// A rough count for usage: a token for every four bytes begun.
std::int64_t tokens_of(std::size_t bytes) noexcept;

} // namespace ccapi::simulator
