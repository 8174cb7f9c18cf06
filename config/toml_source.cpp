#include "config/source.hpp"

#include <toml.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

namespace ccapi::config {

namespace {

/// Position of a value in its file, to bring hash tables back into the order of writing.
struct position {
  std::uint_least32_t line = 0;
  std::uint_least32_t column = 0;
  friend auto operator<=>(const position&, const position&) = default;
};

position position_of(const toml::value& at) {
  const auto location = at.location();
  return {location.line(), location.column()};
}

struct found {
  std::string name;
  const toml::value* at;
};

std::vector<found> in_written_order(const toml::table& table) {
  std::vector<found> members;
  for (const auto& [name, member] : table)
    members.push_back({name, &member});
  std::sort(members.begin(), members.end(),
            [](const found& a, const found& b) { return position_of(*a.at) < position_of(*b.at); });
  return members;
}

bool says_something(const toml::value& given) {
  if (given.is_boolean())
    return given.as_boolean();
  if (given.is_string())
    return !given.as_string().str.empty();
  if (given.is_array())
    return !given.as_array().empty();
  return true;
}

std::optional<text_list> list_of(const toml::value& given) {
  text_list list;
  for (const auto& item : given.as_array()) {
    if (!item.is_string())
      return {};
    list.push_back(item.as_string().str);
  }
  return list;
}

std::optional<text_table> table_of(const toml::value& given) {
  text_table table;
  for (const auto& [name, item] : in_written_order(given.as_table())) {
    if (!item->is_string())
      return {};
    table.emplace_back(name, item->as_string().str);
  }
  return table;
}

std::optional<std::string> plain_text(const toml::value& given) {
  if (given.is_string())
    return given.as_string().str;
  if (given.is_boolean())
    return given.as_boolean() ? "true" : "false";
  if (given.is_integer())
    return std::to_string(given.as_integer());
  if (given.is_floating()) {
    std::array<char, 32> digits{};
    const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), given.as_floating()).ptr;
    return std::string{digits.data(), end};
  }
  return {};
}

std::optional<text_records> records_of(const toml::value& given) {
  text_records records;
  for (const auto& item : given.as_array()) {
    if (!item.is_table())
      return {};
    auto& record = records.emplace_back();
    for (const auto& [name, member] : in_written_order(item.as_table())) {
      auto text = plain_text(*member);
      if (!text)
        return {};
      record.emplace_back(name, std::move(*text));
    }
  }
  return records;
}

std::optional<value> converted(const key& row, const toml::value& given) {
  switch (row.type) {
  case value_type::boolean:
    return given.is_boolean() ? std::optional<value>{given.as_boolean()} : std::nullopt;
  case value_type::integer:
    return given.is_integer() ? std::optional<value>{std::int64_t{given.as_integer()}}
                              : std::nullopt;
  case value_type::duration: {
    if (!given.is_integer() && !given.is_floating())
      return {};
    const auto count = given.is_integer() ? static_cast<double>(given.as_integer())
                                          : static_cast<double>(given.as_floating());
    if (!(std::abs(count) <= unit_count_max))
      return {};
    return duration_of(count, row.unit_ms);
  }
  case value_type::text:
    return given.is_string() ? std::optional<value>{given.as_string().str} : std::nullopt;
  case value_type::text_list:
    return given.is_array() ? std::optional<value>{list_of(given)} : std::nullopt;
  case value_type::text_table:
    return given.is_table() ? std::optional<value>{table_of(given)} : std::nullopt;
  case value_type::text_records:
    return given.is_array() ? std::optional<value>{records_of(given)} : std::nullopt;
  }
  return {};
}

class flattener {
public:
  flattener(const std::string& file, std::vector<entry>& entries)
    : file_{file},
      entries_{entries} {}

  void flatten(const toml::value& given, const std::string& name) {
    const auto* row = find_key(name);
    const bool is_section = given.is_table() && !row && !given.as_table().empty();
    if (!is_section) {
      if (!given.is_table() || row)
        add(given, name, row);
      return;
    }
    const auto prefix = name.empty() ? name : name + '.';
    for (const auto& [member, at] : in_written_order(given.as_table()))
      flatten(*at, prefix + member);
  }

private:
  void add(const toml::value& given, const std::string& name, const key* row) {
    entry made;
    made.name = name;
    made.where = file_ + ':' + std::to_string(given.location().line());
    made.row = row;
    made.says_something = says_something(given);
    if (row) {
      if (auto content = converted(*row, given))
        made.content = std::move(*content);
      else
        made.content = std::string{"must be "}.append(description(row->type));
    }
    entries_.push_back(std::move(made));
  }

  const std::string& file_;
  std::vector<entry>& entries_;
};

/// The library's message is a drawing of several lines that begins "[error] toml::function: what
/// is wrong"; some have no words after the function.
std::string sentence_of(std::string_view what) {
  auto line = what.substr(0, what.find('\n'));
  if (const auto function = line.find("toml::"); function != std::string_view::npos) {
    const auto colon = line.find(": ", function);
    line = colon == std::string_view::npos ? std::string_view{} : line.substr(colon + 2);
  }
  return line.empty() ? "is no valid TOML" : "is no valid TOML: " + std::string{line};
}

} // namespace

std::vector<entry> entries_of_toml(std::string_view text, const std::string& file,
                                   std::vector<problem>& problems) {
  std::vector<entry> entries;
  // toml11 reads behind a buffer when it reports such bytes in a literal string.
  if (toml::detail::check_utf8_validity(std::string{text}) != -1) {
    problems.push_back({file, "is not UTF-8"});
    return {};
  }
  try {
    std::istringstream stream{std::string{text}};
    const auto parsed = toml::parse(stream, file);
    flattener{file, entries}.flatten(parsed, {});
  } catch (const toml::exception& failure) {
    problems.push_back(
      {file + ':' + std::to_string(failure.location().line()), sentence_of(failure.what())});
    return {};
  } catch (const std::exception&) {
    problems.push_back({file, "is no valid TOML"});
    return {};
  }
  return entries;
}

} // namespace ccapi::config
