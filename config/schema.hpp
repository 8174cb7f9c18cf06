#pragma once
// One row per key: its name, type, range and place in `settings`. Loading, validation, environment
// names, --print-config and the documentation are all made from these rows.

#include "config/settings.hpp"
#include "config/value.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ccapi::config {

struct key {
  /// "section.key", as in TOML.
  std::string_view name;
  value_type type = value_type::text;
  /// Smallest and largest accepted value: of integers in `unit`, of durations in milliseconds.
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  /// What a number counts, for messages and documentation; empty = plain number.
  std::string_view unit;
  /// Durations: milliseconds in one `unit`.
  std::int64_t unit_ms = 1;
  /// Words a text may be, separated by '|'; empty = any.
  std::string_view choices;
  std::string_view help;
  /// Never printed.
  bool secret = false;
  /// A change takes effect by SIGHUP; else only at the next start.
  bool reloadable = true;
  /// False for keys of features that this version does not have: checked, kept, without effect, and
  /// named in a line at the start.
  bool active = true;
  value (*get)(const settings&) = nullptr;
  /// Takes a value of `type` that `check` accepts.
  void (*set)(settings&, const value&) = nullptr;
  /// What is wrong with the content of a text, list or table; nothing if it may be used.
  std::optional<std::string> (*content_problem)(const value&) = nullptr;
};

/// All keys, grouped by section, in the order of settings.hpp.
std::span<const key> keys() noexcept;
/// The row of that name, or null.
const key* find_key(std::string_view name) noexcept;

/// What makes `given` unusable for the key ("must be between 1 and 10 seconds"), or nothing.
std::optional<std::string> problem_with(const key& row, const value& given);

/// "CLAUDE_CODE__SECTION__KEY".
std::string environment_name(const key& row);
/// The accepted numbers, "0.01 to 3600 seconds"; empty where there is no range.
std::string range_text(const key& row);

} // namespace ccapi::config
