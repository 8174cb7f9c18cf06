#pragma once
// The body of a chat completion that is not streamed.

#include "dialect/answer_encoder.hpp"
#include "domain/turn/event.hpp"
#include "openai/answer.hpp"
#include "openai/call_style.hpp"

#include <span>
#include <string>

namespace ccapi::openai {

/// One of several choices.
struct told_choice {
  dialect::whole_answer said{};
  domain::finish_reason reason = domain::finish_reason::stop;
};

/// One JSON object with every key that OpenAI's own answers have. `reasoning` appears, under both
/// names that clients look for, only if there is any; `content` is null beside calls without text.
/// Pure.
std::string completion_body(const answer_identity& identity, const dialect::whole_answer& said,
                            const domain::turn_finished& end, const call_style& style = {});

/// The same with all choices, in order. `unstored`: one of them was not kept.
std::string completion_body(const answer_identity& identity, std::span<const told_choice> choices,
                            const domain::usage& used, bool unstored, const call_style& style);

} // namespace ccapi::openai
