#pragma once
// The short way for the commonest line: a piece of an answer. Internal to this room.

#include "claude/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ccapi::claude {

/// Reads a text or thinking delta of the main dialogue in exactly the shape that the CLI writes
/// (2.1.197 to 2.1.330) without a JSON parser. Nothing for any other line, which is then for the
/// parser to judge: the answer is the parser's or none. The text is put into `text`, to which the
/// delta's view points.
std::optional<content_block_delta> read_delta_line(std::string_view line, std::string& text);

} // namespace ccapi::claude
