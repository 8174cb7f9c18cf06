#include "simulator/example.hpp"

#include "json/writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace ccapi::simulator {

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t depth_max = 32;
constexpr std::size_t bytes_max = std::size_t{64} << 10;
constexpr std::uint64_t length_max = 1000;
constexpr std::uint64_t items_max = 20;

std::optional<dom::element> at(dom::object from, std::string_view key) {
  dom::element found;
  return from.at_key(key).get(found) == simdjson::SUCCESS ? std::optional{found} : std::nullopt;
}

std::string_view text_at(dom::object from, std::string_view key) {
  std::string_view found;
  return from.at_key(key).get(found) == simdjson::SUCCESS ? found : std::string_view{};
}

std::optional<dom::element> first_of(dom::object from, std::string_view key) {
  dom::array list;
  if (from.at_key(key).get(list) != simdjson::SUCCESS || list.size() == 0)
    return std::nullopt;
  return *list.begin();
}

/// What stands of a keyword at the end of a description, where the gateway tells what the API has
/// no word for: "... (minItems: 2, format: \"date\")". Empty: nothing.
std::string_view noted(dom::object from, std::string_view key) {
  auto text = text_at(from, "description");
  text.remove_prefix(std::min(text.rfind('('), text.size()));
  const auto at = text.find(std::string{key} + ": ");
  if (at == std::string_view::npos)
    return {};
  text.remove_prefix(at + key.size() + 2);
  return text.substr(0, text.find_first_of(",)"));
}

template <class Number>
std::optional<Number> number_at(dom::object from, std::string_view key) {
  Number found{};
  const auto text = noted(from, key); // comes first: the API may have been told less
  const auto* const end = text.data() + text.size();
  if (!text.empty() && std::from_chars(text.data(), end, found).ptr == end)
    return found;
  return from.at_key(key).get(found) == simdjson::SUCCESS ? std::optional{found} : std::nullopt;
}

std::string json_text(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string text_for(dom::object schema) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> formats{{
    {"date", "2026-01-01"},
    {"time", "12:00:00Z"},
    {"date-time", "2026-01-01T12:00:00Z"},
    {"email", "demo@example.com"},
    {"uuid", "00000000-0000-4000-8000-000000000000"},
    {"ipv4", "192.0.2.1"},
  }};
  for (const auto& [name, value] : formats)
    if (name == text_at(schema, "format") || noted(schema, "format") == json_text(name))
      return std::string{value};
  std::string text = "demo";
  const auto least =
    std::min(number_at<std::uint64_t>(schema, "minLength").value_or(0), length_max);
  const auto most = number_at<std::uint64_t>(schema, "maxLength").value_or(length_max);
  text.resize(std::max(text.size(), static_cast<std::size_t>(least)), 'o');
  text.resize(std::min(text.size(), static_cast<std::size_t>(most)));
  return text;
}

class example_writer {
public:
  explicit example_writer(dom::object root)
    : root_{root} {}

  void write(dom::element schema) {
    dom::object from;
    if (schema.get(from) != simdjson::SUCCESS || depth_ >= depth_max || out_.size() > bytes_max) {
      out_ += "null";
      return;
    }
    ++depth_;
    write_for(from);
    --depth_;
  }

  void write_for(dom::object from) {
    if (const auto ref = text_at(from, "$ref"); ref.starts_with("#"))
      if (dom::element target; root_.at_pointer(ref.substr(1)).get(target) == simdjson::SUCCESS)
        return write(target);
    if (const auto value = at(from, "const"))
      return add(*value);
    if (const auto value = first_of(from, "enum"))
      return add(*value);
    for (const std::string_view keyword : {"anyOf", "oneOf", "allOf"})
      if (const auto alternative = first_of(from, keyword); alternative && !at(from, "properties"))
        return write(*alternative);
    std::string_view type = text_at(from, "type");
    if (const auto first = first_of(from, "type"))
      if (first->get(type) != simdjson::SUCCESS)
        type = {};
    write_of_type(from, type.empty() && at(from, "properties") ? "object" : type);
  }

  std::string take() { return std::move(out_); }

private:
  void write_of_type(dom::object from, std::string_view type) {
    if (type == "object")
      return write_object(from);
    if (type == "array")
      return write_array(from);
    if (type == "integer" || type == "number")
      return json::append_integer(out_, number_for(from));
    if (type == "boolean" || type == "null")
      out_ += type == "null" ? type : "true";
    else
      json::append_string(out_, text_for(from));
  }

  /// What is required; all if nothing is, as an empty object shows nobody anything.
  void write_object(dom::object from) {
    constexpr std::size_t optional_depth_max = 4;
    dom::object properties;
    dom::array required;
    const bool given = from.at_key("properties").get(properties) == simdjson::SUCCESS;
    const bool requires_some =
      from.at_key("required").get(required) == simdjson::SUCCESS && required.size() > 0;
    out_ += '{';
    const char* separator = "";
    const auto write_member = [&](std::string_view name) {
      out_ += std::exchange(separator, ",");
      json::append_string(out_, name);
      out_ += ':';
      if (const auto property = given ? at(properties, name) : std::nullopt)
        write(*property);
      else
        json::append_string(out_, "demo");
    };
    if (requires_some) {
      for (const auto each : required)
        if (std::string_view name; each.get(name) == simdjson::SUCCESS)
          write_member(name);
    } else if (given && depth_ <= optional_depth_max) {
      for (const auto member : properties)
        write_member(member.key);
    }
    out_ += '}';
  }

  /// Items that can only be null are the gateway's word for a list that must stay empty.
  void write_array(dom::object from) {
    const auto items = at(from, "items");
    dom::object form;
    const bool is_empty =
      !items || (items->get(form) == simdjson::SUCCESS && text_at(form, "type") == "null");
    const auto count =
      is_empty ? 0 : std::min(number_at<std::uint64_t>(from, "minItems").value_or(1), items_max);
    out_ += '[';
    for (std::uint64_t item = 0; item < count; ++item) {
      out_ += item > 0 ? "," : "";
      write(*items);
    }
    out_ += ']';
  }

  static std::int64_t number_for(dom::object from) {
    constexpr double limit = 1e15;
    double number = 1;
    if (const auto least = number_at<double>(from, "minimum"))
      number = std::max(number, std::ceil(*least));
    if (const auto under = number_at<double>(from, "exclusiveMinimum"))
      number = std::max(number, std::floor(*under) + 1);
    if (const auto most = number_at<double>(from, "maximum"))
      number = std::min(number, std::floor(*most));
    if (const auto over = number_at<double>(from, "exclusiveMaximum"))
      number = std::min(number, std::ceil(*over) - 1);
    return static_cast<std::int64_t>(std::clamp(number, -limit, limit));
  }

  void add(dom::element value) { out_ += simdjson::minify(value); }

  dom::object root_;
  std::string out_{};
  std::size_t depth_ = 0;
};

} // namespace

std::string example_of(dom::object schema) {
  example_writer writer{schema};
  writer.write_for(schema);
  return writer.take();
}

} // namespace ccapi::simulator
