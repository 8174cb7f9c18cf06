#pragma once
// cli_lines: what the Claude CLI writes, as unit tests play it, and a look into what it is sent.

#include <string>
#include <string_view>

namespace ccapi::test {

/// Lines that the CLI writes; each with its '\n'.
namespace cli_lines {
std::string version(std::string_view request_id, std::string_view version = "2.1.330");
std::string accepted(std::string_view request_id);
std::string refused(std::string_view request_id, std::string_view why);
std::string rewound(std::string_view request_id, bool done = true);
std::string message_start();
std::string text(std::string_view text);
std::string message_delta(std::string_view stop_reason = "end_turn");
/// Ends a turn, or a seeded user line.
std::string result(std::string_view stop_reason = "end_turn", std::string_view words = {});
std::string interrupted_result();
std::string error_result(int status, std::string_view text);
/// The API refused the call with `status`; the CLI will ask again after that time.
std::string api_retry(int status, int delay_ms);
/// A whole answer that was not streamed.
std::string whole_message(std::string_view text, std::string_view stop_reason);
/// A streamed answer, from its first line to the turn's result.
std::string answer(std::string_view text);
} // namespace cli_lines

/// The text of a control request's or a user line's field, as the tests need it: the string behind
/// the first `"key":"`; escapes are kept.
std::string field(std::string_view line, std::string_view key);

} // namespace ccapi::test
