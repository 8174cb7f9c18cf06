#pragma once
// javascript: JSON as it comes out of a program that has read it into JavaScript values.

#include <optional>
#include <string>
#include <string_view>

namespace ccapi::standin {

/// The text after JSON.parse and JSON.stringify: without white space, and with the digits that a
/// double keeps (12345678901234567890 becomes 12345678901234567000, 1.10 becomes 1.1, 1e400 null).
/// Nothing if it is no JSON. Keys that repeat are kept, escapes stay as they are written.
std::optional<std::string> through_javascript(std::string_view json);

} // namespace ccapi::standin
