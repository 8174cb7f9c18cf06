#pragma once
// Makes foreign text safe to show in a log line: nothing in it can end the line, drive a terminal
// or reorder what a reader sees.

#include <cstddef>
#include <string>
#include <string_view>

namespace ccapi::observe {

/// Appends `text` to `out`, without quotes around it, in a form that is valid inside a JSON string:
/// quotes and backslashes, control characters, line breaks, U+2028/2029, bidi controls and
/// invisible formatting are written as escapes, broken UTF-8 as U+FFFD. At most `bytes_max` bytes
/// of `text` are used, cut between characters; a cut is marked with an ellipsis. Any thread.
void append_escaped(std::string& out, std::string_view text, std::size_t bytes_max);

} // namespace ccapi::observe
