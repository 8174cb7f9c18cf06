#include "json/field_reader.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace ccapi::json {

namespace dom = simdjson::dom;

namespace {

/// Doubles up to here hold integers exactly.
constexpr double exact_integer_max = 9007199254740992.0;

/// One of 64 bits, by what is cheap to look at.
std::uint64_t mark_of(std::string_view name) noexcept {
  const auto first = name.empty() ? 0U : static_cast<unsigned char>(name.front());
  const auto last = name.empty() ? 0U : static_cast<unsigned char>(name.back());
  return std::uint64_t{1} << ((first + 4U * last + 8U * static_cast<unsigned>(name.size())) % 64U);
}

std::optional<std::int64_t> as_integer(const dom::element& value) noexcept {
  if (std::int64_t number = 0; value.get(number) == simdjson::SUCCESS)
    return number;
  if (double number = 0; value.is_double() && value.get(number) == simdjson::SUCCESS
                         && std::abs(number) <= exact_integer_max && std::trunc(number) == number)
    return static_cast<std::int64_t>(number);
  return std::nullopt;
}

bool is_fraction(const dom::element& value) noexcept {
  double number = 0;
  return value.is_double() && value.get(number) == simdjson::SUCCESS
         && std::trunc(number) != number;
}

/// 1,000,000
std::string grouped(std::int64_t number) {
  auto text = std::to_string(number);
  const std::size_t first_digit = number < 0 ? 1 : 0;
  for (auto at = text.size(); at > first_digit + 3;)
    text.insert(at -= 3, 1, ',');
  return text;
}

std::string integer_rule(std::int64_t low, std::int64_t high) {
  using limits = std::numeric_limits<std::int64_t>;
  if (low == limits::min() && high == limits::max())
    return "must be an integer of 64 bits";
  return "must be an integer from " + grouped(low) + " to " + grouped(high);
}

/// Without the zeros that std::to_string pads with.
std::string text_of(double bound) {
  auto text = std::to_string(bound);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.'))
    text.pop_back();
  return text;
}

} // namespace

std::string_view type_name(const dom::element& value) noexcept {
  switch (value.type()) {
  case dom::element_type::ARRAY:
    return "an array";
  case dom::element_type::OBJECT:
    return "an object";
  case dom::element_type::INT64:
  case dom::element_type::UINT64:
    return "an integer";
  case dom::element_type::DOUBLE:
    return "a decimal number";
  case dom::element_type::STRING:
    return "a string";
  case dom::element_type::BOOL:
    return "a boolean";
  case dom::element_type::NULL_VALUE:
    return "null";
  }
  return "something else";
}

std::optional<dom::element> field_reader::any(std::string_view name) {
  if (failed() || (names_noted_ && (names_ & mark_of(name)) == 0))
    return std::nullopt;
  dom::element value;
  if (object_.at_key(name).get(value) != simdjson::SUCCESS) {
    note_names();
    return std::nullopt;
  }
  if (value.is_null())
    return std::nullopt;
  return value;
}

void field_reader::note_names() {
  if (std::exchange(names_noted_, true))
    return;
  for (const auto field : object_)
    names_ |= mark_of(field.key);
}

template <class T>
std::optional<T> field_reader::typed(std::string_view name, std::string_view expected) {
  const auto value = any(name);
  if (!value)
    return std::nullopt;
  T typed_value{};
  if (value->get(typed_value) != simdjson::SUCCESS) {
    fail_type(path_of(name), expected, *value);
    return std::nullopt;
  }
  return typed_value;
}

std::optional<std::string_view> field_reader::string(std::string_view name) {
  return typed<std::string_view>(name, "a string");
}

std::optional<bool> field_reader::boolean(std::string_view name) {
  return typed<bool>(name, "a boolean");
}

std::optional<dom::array> field_reader::array(std::string_view name) {
  return typed<dom::array>(name, "an array");
}

std::optional<dom::object> field_reader::object(std::string_view name) {
  return typed<dom::object>(name, "an object");
}

std::optional<double> field_reader::number(std::string_view name, double low, double high) {
  const auto value = typed<double>(name, "a number"); // takes integers, too
  if (value && (*value < low || *value > high)) {
    fail_value(path_of(name), "must be between " + text_of(low) + " and " + text_of(high));
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> field_reader::integer(std::string_view name, std::int64_t low,
                                                  std::int64_t high) {
  const auto value = any(name);
  if (!value)
    return std::nullopt;
  if (!value->is_number() || is_fraction(*value)) {
    fail_type(path_of(name), "an integer", *value);
    return std::nullopt;
  }
  const auto number = as_integer(*value);
  if (!number || *number < low || *number > high) {
    fail_value(path_of(name), integer_rule(low, high));
    return std::nullopt;
  }
  return number;
}

std::optional<std::string_view> field_reader::required_string(std::string_view name) {
  const auto value = string(name);
  if (!value)
    fail_missing(path_of(name));
  return value;
}

std::string field_reader::path_of(std::string_view name) const {
  std::string path{path_};
  if (!path.empty())
    path += '.';
  return path.append(name);
}

std::string field_reader::path_of(std::string_view name, std::size_t index) const {
  return path_of(name) + "[" + std::to_string(index) + "]";
}

void field_reader::fail_type(std::string path, std::string_view expected, const dom::element& got) {
  auto message = "Invalid type for '" + path + "': expected ";
  message.append(expected).append(", but got ").append(type_name(got)).append(".");
  fail({.code = domain::error_code::invalid_request,
        .message = std::move(message),
        .param = std::move(path),
        .retry_useful = false});
}

void field_reader::fail_value(std::string path, std::string_view rule) {
  auto message = "Invalid value for '" + path + "': ";
  message.append(rule).append(".");
  fail({.code = domain::error_code::invalid_request,
        .message = std::move(message),
        .param = std::move(path),
        .retry_useful = false});
}

void field_reader::fail_missing(std::string path) {
  auto message = "Missing required parameter: '" + path + "'.";
  fail({.code = domain::error_code::invalid_request,
        .message = std::move(message),
        .param = std::move(path),
        .retry_useful = false});
}

void field_reader::fail_unsupported(std::string path, std::string_view what) {
  auto message = "Unsupported parameter: '" + path + "'. ";
  message.append(what);
  fail({.code = domain::error_code::unsupported_parameter,
        .message = std::move(message),
        .param = std::move(path),
        .retry_useful = false});
}

void field_reader::fail(domain::error failure) {
  if (!failed())
    failure_ = std::move(failure);
}

} // namespace ccapi::json
