#include "config/schema.hpp"

#include <algorithm>

namespace ccapi::config {

namespace {

bool is_choice(std::string_view choices, std::string_view word_given) noexcept {
  while (!choices.empty()) {
    const auto bar = choices.find('|');
    if (choices.substr(0, bar) == word_given)
      return true;
    choices.remove_prefix(bar == std::string_view::npos ? choices.size() : bar + 1);
  }
  return false;
}

std::string listed(std::string_view choices) {
  std::string out;
  for (const char c : choices)
    if (c == '|')
      out += ", ";
    else
      out += c;
  return out;
}

bool in_range(const key& row, std::int64_t number_given) noexcept {
  return number_given >= row.minimum && number_given <= row.maximum;
}

} // namespace

const key* find_key(std::string_view name) noexcept {
  const auto all = keys();
  const auto found =
    std::find_if(all.begin(), all.end(), [&](const key& row) { return row.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::optional<std::string> problem_with(const key& row, const value& given) {
  const bool outside =
    (row.type == value_type::integer && !in_range(row, std::get<std::int64_t>(given)))
    || (row.type == value_type::duration
        && !in_range(row, std::get<std::chrono::milliseconds>(given).count()));
  if (outside)
    return "must be from " + range_text(row);
  if (!row.choices.empty() && !is_choice(row.choices, std::get<std::string>(given)))
    return "must be one of " + listed(row.choices);
  if (row.content_problem)
    return row.content_problem(given);
  return {};
}

std::string environment_name(const key& row) {
  std::string out = "CLAUDE_CODE__";
  for (const char c : row.name) {
    if (c == '.')
      out += "__";
    else
      out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return out;
}

std::string range_text(const key& row) {
  std::string out;
  if (row.type == value_type::integer)
    out = std::to_string(row.minimum) + " to " + std::to_string(row.maximum);
  else if (row.type == value_type::duration)
    out = to_toml(std::chrono::milliseconds{row.minimum}, row.unit_ms) + " to "
          + to_toml(std::chrono::milliseconds{row.maximum}, row.unit_ms);
  if (!out.empty() && !row.unit.empty())
    out.append(" ").append(row.unit);
  return out;
}

} // namespace ccapi::config
