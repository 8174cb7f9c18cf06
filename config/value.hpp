#pragma once
// A configured value in the neutral form that files, environment and flags are all read into.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ccapi::config {

/// What a key holds. The order is that of the alternatives of `value`.
enum class value_type : std::uint8_t {
  boolean,
  integer,
  duration,
  text,
  text_list,
  text_table,
  text_records
};

using text_list = std::vector<std::string>;
/// Pairs in the order in which they were written.
using text_table = std::vector<std::pair<std::string, std::string>>;
/// Tables one after another ([[section.key]] in TOML); numbers and booleans in them as text.
using text_records = std::vector<text_table>;

using value = std::variant<bool, std::int64_t, std::chrono::milliseconds, std::string, text_list,
                           text_table, text_records>;

/// A value, or the reason why there is none ("must be true or false").
using value_or_problem = std::variant<value, std::string>;

/// Longest duration that can be written; any schema limit is below it.
inline constexpr double unit_count_max = 1e9;

/// Reads the text of an environment variable or a flag. Lists are JSON arrays of strings, tables
/// JSON objects of strings, records JSON arrays of objects; durations are numbers of `unit_ms`
/// milliseconds, decimals allowed.
value_or_problem value_from_text(value_type type, std::int64_t unit_ms, std::string_view text);

/// What a value of that type looks like, for messages: "a whole number".
std::string_view description(value_type type) noexcept;

/// The value as TOML; a table is written inline.
std::string to_toml(const value& given, std::int64_t unit_ms);
/// `text` as a TOML string or quoted key.
std::string toml_quoted(std::string_view text);

/// The duration of `count` units, rounded to milliseconds. `count` must be finite and its size at
/// most unit_count_max.
std::chrono::milliseconds duration_of(double count, std::int64_t unit_ms) noexcept;

} // namespace ccapi::config
