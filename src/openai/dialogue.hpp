#pragma once
// The `messages` of a chat request: roles and content in all the shapes that clients send, reduced
// to a system prompt and plain user and assistant turns.

#include "domain/chat_request.hpp"
#include "domain/result.hpp"

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::openai {

struct dialogue {
  /// System and developer texts from anywhere in the list, in order, joined by blank lines. Set but
  /// empty if there were only empty ones.
  std::optional<std::string> system_prompt;
  /// Not empty; ends with a user message. Assistant messages without text are left out.
  std::vector<domain::message> messages;
};

/// Fails with: invalid_request, unsupported_parameter (media, tool calls and tool results); `param`
/// is the path of the field, e.g. messages[2].content[1].type. Pure.
domain::result<dialogue> read_dialogue(simdjson::dom::array messages, std::size_t messages_max);

} // namespace ccapi::openai
