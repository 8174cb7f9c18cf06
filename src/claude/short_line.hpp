#pragma once
// The short way for the commonest lines. Internal to this room.

#include "claude/message.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ccapi::claude {

/// Reads, without a JSON parser, the lines that make up most of a turn, in exactly the shape that
/// the CLI writes (2.1.197 to 2.1.332): deltas of text and thinking, the begin and end of a text
/// block, the end of a message, and notes about a command's progress. Nothing for any other line,
/// which is then for the parser to judge: the answer is the parser's or none.
/// A delta's text is put into `text`, to which its view points; other views are of constants.
/// `half`: the first half of a surrogate pair that the text ended with, 0 for none. One that is
/// given is put before the text: a pair may be split over two deltas.
std::optional<message> read_short_line(std::string_view line, std::string& text, char16_t& half);

} // namespace ccapi::claude
