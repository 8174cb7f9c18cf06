#pragma once
// Appends JSON tokens to a string. Meant for the hot path: no document tree, and no allocation
// beyond what `out` needs to grow. Pure; any thread.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::json {

/// Appends `text` as a JSON string, quotes included. Escaped are only '"', '\\' and control
/// characters. Ill-formed UTF-8 comes out as U+FFFD, so the result is valid JSON for any bytes.
void append_string(std::string& out, std::string_view text);

/// The same, but ill-formed UTF-8 is copied as it is: for stand-ins that write what they are told.
void append_bytes(std::string& out, std::string_view text);

/// As append_string, but an empty text becomes null.
void append_string_or_null(std::string& out, std::string_view text);

/// Appends JSON text without the white space between its tokens: one line. `text` is valid JSON.
void append_json(std::string& out, std::string_view text);

/// Appends a decimal integer.
void append_integer(std::string& out, std::int64_t value);
void append_integer(std::string& out, std::uint64_t value);

/// Appends a number that is given in millionths: "0.001309". Negative ones are 0.
void append_millionths(std::string& out, std::int64_t millionths);

/// Appends a time in milliseconds, to the hundredth: "12.34". Negative ones are 0.
void append_milliseconds(std::string& out, std::chrono::microseconds time);

} // namespace ccapi::json
