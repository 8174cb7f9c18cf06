#include "demand.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

namespace api_rules {

namespace json = boost::json;

namespace {

std::string_view text_of(const json::value& value) {
  return value.is_string() ? std::string_view{value.get_string()} : std::string_view{};
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80;
}

/// The code point that begins at `at`, which moves behind it.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80)
    return first;
  char32_t point = first & (first >= 0xf0 ? 0x07U : first >= 0xe0 ? 0x0fU : 0x1fU);
  for (; at < text.size() && is_continuation(text[at]); ++at)
    point = point << 6U | (static_cast<unsigned char>(text[at]) & 0x3fU);
  return point;
}

bool is_space(char32_t point) {
  return (point >= 0x09 && point <= 0x0d) || (point >= 0x1c && point <= 0x20) || point == 0x85
         || point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a)
         || point == 0x2028 || point == 0x2029 || point == 0x202f || point == 0x205f
         || point == 0x3000;
}

bool is_blank(std::string_view text) {
  for (std::size_t at = 0; at < text.size();)
    if (!is_space(next_code_point(text, at)))
      return false;
  return !text.empty();
}

bool ends_blank(std::string_view text) {
  auto at = text.size();
  while (at > 0 && is_continuation(text[at - 1]))
    --at;
  if (at == 0)
    return false;
  --at;
  return is_space(next_code_point(text, at));
}

bool is_of(const json::value& value, std::string_view type) {
  if (type == "string")
    return value.is_string();
  if (type == "object")
    return value.is_object();
  if (type == "array")
    return value.is_array();
  if (type == "boolean")
    return value.is_bool();
  if (type == "number")
    return value.is_number();
  if (type == "integer")
    return value.is_number()
           && (!value.is_double() || std::trunc(value.get_double()) == value.get_double());
  throw std::runtime_error("there is no type " + std::string{type});
}

/// A set such as a-zA-Z0-9_-; a - at the end is itself.
bool in_set(char character, std::string_view set) {
  for (std::size_t at = 0; at < set.size();) {
    if (at + 2 < set.size() && set[at + 1] == '-') {
      if (character >= set[at] && character <= set[at + 2])
        return true;
      at += 3;
    } else if (set[at++] == character) {
      return true;
    }
  }
  return false;
}

bool has_chars_beyond(std::string_view text, std::string_view set) {
  return std::any_of(text.begin(), text.end(), [&](char c) { return !in_set(c, set); });
}

bool is_badly_shaped(const json::value& value, const json::object& shape) {
  const auto set = text_of(shape.at("chars"));
  const auto longest = shape.at("longest").to_number<std::size_t>();
  const auto* object = value.if_object();
  return object != nullptr && std::any_of(object->begin(), object->end(), [&](const auto& member) {
           const std::string_view key{member.key()};
           return key.empty() || key.size() > longest || has_chars_beyond(key, set);
         });
}

bool is_among(const json::value& value, const json::value& list) {
  const auto* array = list.if_array();
  return array != nullptr && std::any_of(array->begin(), array->end(), [&](const auto& each) {
           return same(value, each);
         });
}

bool starts_with_any(const json::value& value, const json::value& prefixes) {
  const auto& all = prefixes.as_array();
  return value.is_string() && std::any_of(all.begin(), all.end(), [&](const auto& prefix) {
           return text_of(value).starts_with(text_of(prefix));
         });
}

bool some_starts(const json::value& list, const json::value& prefixes) {
  const auto* array = list.if_array();
  return array != nullptr && std::any_of(array->begin(), array->end(), [&](const auto& each) {
           return starts_with_any(each, prefixes);
         });
}

/// Less than 0, 0 or more than 0; nothing unless both are numbers.
std::optional<double> difference(const json::value& a, const json::value& b) {
  if (!a.is_number() || !b.is_number())
    return std::nullopt;
  return a.to_number<double>() - b.to_number<double>();
}

} // namespace

bool same(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number())
    return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

long long size_of(const json::value& value) {
  if (value.is_string()) {
    const auto text = text_of(value);
    return std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); });
  }
  if (value.is_array())
    return static_cast<long long>(value.get_array().size());
  return value.is_object() ? static_cast<long long>(value.get_object().size()) : -1;
}

std::optional<std::string> key_beyond(const json::value& value, const json::value& known) {
  if (const auto* object = value.if_object())
    for (const auto& member : *object)
      if (!is_among(json::value(member.key()), known))
        return std::string{member.key()};
  return std::nullopt;
}

bool fulfils(std::string_view demand, const json::value& value, const json::value& operand) {
  if (demand == "is")
    return same(value, operand);
  if (demand == "is_not")
    return !same(value, operand);
  if (demand == "in")
    return is_among(value, operand);
  if (demand == "not_in")
    return !is_among(value, operand);
  if (demand == "not_type")
    return !is_of(value, text_of(operand));
  if (demand == "type")
    return is_of(value, text_of(operand));
  if (demand == "above")
    return difference(value, operand).value_or(0) > 0;
  if (demand == "below")
    return difference(value, operand).value_or(0) < 0;
  if (demand == "longer")
    return size_of(value) > operand.to_number<long long>();
  if (demand == "empty")
    return (size_of(value) == 0) == operand.as_bool();
  if (demand == "blank")
    return is_blank(text_of(value)) == operand.as_bool();
  if (demand == "ends_blank")
    return ends_blank(text_of(value)) == operand.as_bool();
  if (demand == "chars_beyond")
    return value.is_string() && has_chars_beyond(text_of(value), text_of(operand));
  if (demand == "key_shape")
    return is_badly_shaped(value, operand.as_object());
  if (demand == "starts_not")
    return value.is_string() && !starts_with_any(value, operand);
  if (demand == "has")
    return value.is_array() && is_among(operand, value);
  if (demand == "has_not")
    return value.is_array() && !is_among(operand, value);
  if (demand == "any_starts")
    return some_starts(value, operand);
  if (demand == "none_starts")
    return !some_starts(value, operand);
  throw std::runtime_error("there is no demand " + std::string{demand});
}

} // namespace api_rules
