#pragma once
// answer: the canned text, which says what it is, and how it is cut up. Pure.

#include "simulator/dialogue.hpp"
#include "simulator/input.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::simulator {

/// The answer to `question`, which is the last message of `known`. Begins with "[demo]" and one
/// sentence that no Claude was asked; repeats the question and tells how much it knows.
std::string answer_text(std::string_view question, const dialogue& known,
                        std::size_t system_prompt_bytes);

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
