#pragma once
// The body of a chat completion that is not streamed.

#include "domain/turn/event.hpp"
#include "openai/answer.hpp"

#include <string>
#include <string_view>

namespace ccapi::openai {

/// One JSON object with every key that OpenAI's own answers have. `reasoning` appears, under both
/// names that clients look for, only if there is any. Pure.
std::string completion_body(const answer_identity& identity, std::string_view content,
                            std::string_view reasoning, domain::finish_reason reason,
                            const domain::usage& used);

} // namespace ccapi::openai
