#include "config/value.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

namespace ccapi::config {

namespace {

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) noexcept {
  Number number{};
  const auto end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stop != end)
    return {};
  return number;
}

std::string must_be(value_type type) {
  return std::string{"must be "}.append(description(type));
}

value_or_problem boolean_from(std::string_view text) {
  std::string word{trimmed(text)};
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (word == "true" || word == "1" || word == "yes" || word == "on")
    return value{true};
  if (word == "false" || word == "0" || word == "no" || word == "off")
    return value{false};
  return must_be(value_type::boolean);
}

value_or_problem list_from(const boost::json::value& parsed) {
  const auto* array = parsed.if_array();
  if (!array)
    return std::string{R"(must be a JSON array of strings, e.g. ["a", "b"])"};
  text_list list;
  for (const auto& item : *array) {
    const auto* text = item.if_string();
    if (!text)
      return std::string{"may hold only strings"};
    list.emplace_back(text->data(), text->size());
  }
  return value{std::move(list)};
}

value_or_problem table_from(const boost::json::value& parsed) {
  const auto* object = parsed.if_object();
  if (!object)
    return std::string{R"(must be a JSON object of strings, e.g. {"a": "b"})"};
  text_table table;
  for (const auto& [name, item] : *object) { // in the order written
    const auto* text = item.if_string();
    if (!text)
      return std::string{"may hold only strings"};
    table.emplace_back(std::string{name}, std::string{text->data(), text->size()});
  }
  return value{std::move(table)};
}

/// A member of a record; numbers and booleans become text.
std::optional<std::string> plain_text(const boost::json::value& item) {
  if (const auto* text = item.if_string())
    return std::string{text->data(), text->size()};
  if (const auto* flag = item.if_bool())
    return *flag ? "true" : "false";
  if (const auto* number = item.if_int64())
    return std::to_string(*number);
  if (const auto* number = item.if_double()) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *number).ptr;
    return std::string{digits.data(), end};
  }
  return {};
}

value_or_problem records_from(const boost::json::value& parsed) {
  const std::string expected{R"(must be a JSON array of objects, e.g. [{"name": "a"}])"};
  const auto* array = parsed.if_array();
  if (!array)
    return expected;
  text_records records;
  for (const auto& item : *array) {
    const auto* object = item.if_object();
    if (!object)
      return expected;
    auto& record = records.emplace_back();
    for (const auto& [name, member] : *object) {
      auto text = plain_text(member);
      if (!text)
        return std::string{"may hold only strings, whole numbers, true and false in its entries"};
      record.emplace_back(std::string{name}, std::move(*text));
    }
  }
  return value{std::move(records)};
}

value_or_problem json_from(value_type type, std::string_view text) {
  const auto convert = type == value_type::text_list    ? list_from
                       : type == value_type::text_table ? table_from
                                                        : records_from;
  try {
    boost::json::error_code failure;
    const auto parsed =
      boost::json::parse(boost::json::string_view{text.data(), text.size()}, failure);
    return convert(failure ? boost::json::value{} : parsed);
  } catch (const std::exception&) {
    return std::string{"is too large"};
  }
}

std::string number_text(double number) {
  std::array<char, 64> digits{};
  const auto end =
    std::to_chars(digits.data(), digits.data() + digits.size(), number, std::chars_format::fixed)
      .ptr;
  return {digits.data(), end};
}

template <class Items, class Print>
std::string joined(const Items& items, std::string_view open, std::string_view close, Print print) {
  std::string out{open};
  for (const auto& item : items) {
    if (out.size() > open.size())
      out += ", ";
    out += print(item);
  }
  return out.append(close);
}

} // namespace

std::string_view description(value_type type) noexcept {
  switch (type) {
  case value_type::boolean:
    return "true or false";
  case value_type::integer:
    return "a whole number";
  case value_type::duration:
    return "a number";
  case value_type::text:
    return "a string";
  case value_type::text_list:
    return "an array of strings";
  case value_type::text_table:
    return "a table of strings";
  case value_type::text_records:
    return "an array of tables";
  }
  return "a value";
}

std::chrono::milliseconds duration_of(double count, std::int64_t unit_ms) noexcept {
  return std::chrono::milliseconds{std::llround(count * static_cast<double>(unit_ms))};
}

value_or_problem value_from_text(value_type type, std::int64_t unit_ms, std::string_view text) {
  switch (type) {
  case value_type::boolean:
    return boolean_from(text);
  case value_type::integer:
    if (const auto number = whole_number<std::int64_t>(trimmed(text)))
      return value{*number};
    return must_be(type);
  case value_type::duration:
    if (const auto number = whole_number<double>(trimmed(text));
        number && std::abs(*number) <= unit_count_max) // false for NaN as well
      return value{duration_of(*number, unit_ms)};
    return must_be(type);
  case value_type::text:
    return value{std::string{text}};
  case value_type::text_list:
  case value_type::text_table:
  case value_type::text_records:
    return json_from(type, text);
  }
  return must_be(type);
}

std::string toml_quoted(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out.append("\\").push_back(c);
    else if (byte < 0x20 || byte == 0x7f)
      out.append("\\u00").append({hex[byte >> 4], hex[byte & 0xf]});
    else
      out += c;
  }
  return out + '"';
}

std::string to_toml(const value& given, std::int64_t unit_ms) {
  struct printer {
    std::int64_t unit_ms;

    std::string operator()(bool on) const { return on ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(std::chrono::milliseconds duration) const {
      if (duration.count() % unit_ms == 0)
        return std::to_string(duration.count() / unit_ms);
      return number_text(static_cast<double>(duration.count()) / static_cast<double>(unit_ms));
    }
    std::string operator()(const std::string& text) const { return toml_quoted(text); }
    std::string operator()(const text_list& list) const {
      return joined(list, "[", "]", toml_quoted);
    }
    std::string operator()(const text_table& table) const {
      return joined(table, "{", "}", [](const auto& pair) {
        return toml_quoted(pair.first) + " = " + toml_quoted(pair.second);
      });
    }
    std::string operator()(const text_records& records) const {
      return joined(records, "[", "]", [this](const auto& record) { return (*this)(record); });
    }
  };
  return std::visit(printer{unit_ms}, given);
}

} // namespace ccapi::config
