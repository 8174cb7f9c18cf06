#pragma once
// log_text: bytes that a child wrote -> text that may stand in a log.

#include <string>
#include <string_view>

namespace ccapi::process {

/// Replaces what looks like a credential (sk-ant-..., Bearer ..., x-api-key: ...) by "***". A
/// secret whose head is missing can't be recognised: cut texts after this call, not before.
std::string scrub_secrets(std::string_view text);

/// Valid UTF-8 on one line: control characters, U+2028/2029, bidirectional controls and bytes that
/// are no UTF-8 become \n, \t, \xNN, \u{NNNN}. A backslash stays as it is.
std::string escape_for_log(std::string_view bytes);

/// Both: scrubbed, then escaped.
std::string log_text(std::string_view bytes);

} // namespace ccapi::process
