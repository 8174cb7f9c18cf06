#pragma once
// The parameters of a chat request beside its messages: which are honoured, which are refused, and
// which are harmless enough to be only listed as ignored.

#include "domain/turn/chat_request.hpp"
#include "json/field_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::openai {

/// Fails (in `body`) with unsupported_parameter for everything that would change the kind of the
/// answer: media.
void refuse_unsupported(json::field_reader& body);

/// n: how many choices the answer shall have; at most `choices_max`. More than one is refused if
/// the request names a conversation and does not tell its model and all of its dialogue.
std::size_t read_choices(json::field_reader& body, const domain::chat_request& request,
                         std::size_t choices_max);

/// temperature, top_p, stop, max_completion_tokens / max_tokens.
domain::sampling read_sampling(json::field_reader& body);

/// reasoning_effort, in OpenAI's words and Anthropic's, or `effort` of the object `reasoning`. What
/// else that asks for is listed as ignored.
std::optional<domain::reasoning_effort> read_reasoning(json::field_reader& body,
                                                       std::vector<std::string>& ignored);

/// seed. It has no effect on the model and is listed as ignored; it tells what the client is after.
std::optional<std::int64_t> read_seed(json::field_reader& body);

/// The parameters without effect that ask for another answer, name and JSON text by turns.
std::string read_unheeded(json::field_reader& body);

/// Checks the types of parameters that have no effect here and lists those that ask for one.
void list_ignored(json::field_reader& body, std::vector<std::string>& ignored);

} // namespace ccapi::openai
