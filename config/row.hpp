#pragma once
// Builds the rows of the schema: one function per kind of value, so that a row reads like a
// sentence. Used by schema_table.cpp only.

#include "config/content.hpp"
#include "config/schema.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <type_traits>
#include <utility>

namespace ccapi::config {

inline constexpr std::int64_t kib = 1024;
inline constexpr std::int64_t mib = 1024 * kib;
inline constexpr std::int64_t gib = 1024 * mib;
inline constexpr std::int64_t hour_ms = 3'600'000;

// ---- from a member of settings to a value and back

/// The words for an enum's values, in order; none for other types.
template <class T>
inline constexpr std::array<std::string_view, 0> names_of{};
template <>
inline constexpr std::array<std::string_view, 3> names_of<bare_mode>{"auto", "on", "off"};
template <>
inline constexpr std::array<std::string_view, 2> names_of<thinking_policy>{"auto", "off"};
template <>
inline constexpr std::array<std::string_view, 2> names_of<store_durability>{"commit_before_answer",
                                                                            "after_answer"};
template <>
inline constexpr std::array<std::string_view, 2> names_of<cache_scope>{"deterministic", "all"};
template <>
inline constexpr std::array<std::string_view, 3> names_of<busy_policy>{"queue", "reject",
                                                                       "interrupt"};

template <auto Section, auto Member>
value read(const settings& from) {
  const auto& member = (from.*Section).*Member;
  using type = std::remove_cvref_t<decltype(member)>;
  if constexpr (std::is_enum_v<type>)
    return std::string{names_of<type>[static_cast<std::size_t>(member)]};
  else if constexpr (std::is_integral_v<type> && !std::is_same_v<type, bool>)
    return static_cast<std::int64_t>(member);
  else
    return member;
}

template <auto Section, auto Member>
void write(settings& to, const value& given) {
  auto& member = (to.*Section).*Member;
  using type = std::remove_cvref_t<decltype(member)>;
  if constexpr (std::is_enum_v<type>) {
    const auto& words = names_of<type>;
    const auto* word = std::find(words.begin(), words.end(), std::get<std::string>(given));
    member = static_cast<type>(word - words.begin());
  } else if constexpr (std::is_integral_v<type> && !std::is_same_v<type, bool>) {
    member = static_cast<type>(std::get<std::int64_t>(given));
  } else if constexpr (std::is_same_v<type, text_table>) {
    // First match wins, so later sources go in front; an entry replaces one of the same name.
    auto merged = std::get<text_table>(given);
    for (auto& old : member)
      if (std::none_of(merged.begin(), merged.end(),
                       [&](const auto& entry) { return entry.first == old.first; }))
        merged.push_back(std::move(old));
    member = std::move(merged);
  } else {
    member = std::get<type>(given);
  }
}

inline void write_log_level(settings& to, const value& given) {
  const auto& word = std::get<std::string>(given);
  to.log.level = word == "warn" ? "warning" : word;
}

// ---- rows

template <auto Section, auto Member>
constexpr key row(std::string_view name, value_type type, std::string_view help) {
  key made;
  made.name = name;
  made.type = type;
  made.help = help;
  made.get = &read<Section, Member>;
  made.set = &write<Section, Member>;
  return made;
}

template <auto Section, auto Member>
constexpr key flag(std::string_view name, std::string_view help) {
  return row<Section, Member>(name, value_type::boolean, help);
}

template <auto Section, auto Member>
constexpr key number(std::string_view name, std::int64_t minimum, std::int64_t maximum,
                     std::string_view unit, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::integer, help);
  made.minimum = minimum;
  made.maximum = maximum;
  made.unit = unit;
  return made;
}

/// A duration in seconds; the range is given in milliseconds.
template <auto Section, auto Member>
constexpr key seconds(std::string_view name, std::int64_t minimum_ms, std::int64_t maximum_ms,
                      std::string_view help) {
  auto made = row<Section, Member>(name, value_type::duration, help);
  made.minimum = minimum_ms;
  made.maximum = maximum_ms;
  made.unit = "seconds";
  made.unit_ms = 1000;
  return made;
}

template <auto Section, auto Member>
constexpr key minutes(std::string_view name, std::int64_t minimum_ms, std::int64_t maximum_ms,
                      std::string_view help) {
  auto made = seconds<Section, Member>(name, minimum_ms, maximum_ms, help);
  made.unit = "minutes";
  made.unit_ms = 60'000;
  return made;
}

using content_check = problem_text (*)(const value&);

template <auto Section, auto Member>
constexpr key text(std::string_view name, content_check check, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::text, help);
  made.content_problem = check;
  return made;
}

template <auto Section, auto Member>
constexpr key word(std::string_view name, std::string_view choices, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::text, help);
  made.choices = choices;
  return made;
}

template <auto Section, auto Member>
constexpr key list(std::string_view name, content_check check, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::text_list, help);
  made.content_problem = check;
  return made;
}

template <auto Section, auto Member>
constexpr key table(std::string_view name, content_check check, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::text_table, help);
  made.content_problem = check;
  return made;
}

template <auto Section, auto Member>
constexpr key records(std::string_view name, content_check check, std::string_view help) {
  auto made = row<Section, Member>(name, value_type::text_records, help);
  made.content_problem = check;
  return made;
}

// ---- what can be said of a row of any kind

/// A change takes effect only at the next start.
constexpr key at_start(key made) {
  made.reloadable = false;
  return made;
}

/// Of a feature that this version does not have.
constexpr key inactive(key made) {
  made.active = false;
  return made;
}

constexpr key secret(key made) {
  made.secret = true;
  return made;
}

constexpr key log_level_row() {
  auto made = word<&settings::log, &log_settings::level>(
    "log.level", "trace|debug|info|warning|warn|error|off",
    "Least severe lines that are written. The variable RUST_LOG is understood as well.");
  made.set = &write_log_level;
  return made;
}

} // namespace ccapi::config
