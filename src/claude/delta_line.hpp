#pragma once
// The short way for the commonest line: a piece of an answer. Internal to this room.

#include "claude/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ccapi::claude {

/// Reads a text or thinking delta of the main dialogue in exactly the shape that the CLI writes
/// (2.1.197 to 2.1.332) without a JSON parser. Nothing for any other line, which is then for the
/// parser to judge: the answer is the parser's or none. The text is put into `text`, to which the
/// delta's view points.
/// `half`: the first half of a surrogate pair that the text ended with, 0 for none. One that is
/// given is put before the text: a pair may be split over two deltas.
std::optional<content_block_delta> read_delta_line(std::string_view line, std::string& text,
                                                   char16_t& half);

} // namespace ccapi::claude
