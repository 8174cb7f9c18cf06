#include "dialect/tool_schema.hpp"

#include "domain/utf8_character.hpp"
#include "json/field_reader.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::dialect {

namespace dom = simdjson::dom;

namespace {

using problem = std::optional<schema_problem>;

problem at(std::string place, std::string rule) {
  return schema_problem{std::move(place), std::move(rule)};
}

/// The same problem, seen from one level higher up.
problem below(std::string_view place, problem found) {
  if (!found)
    return found;
  const bool item = found->place.starts_with('[');
  constexpr std::size_t step_bytes_max = 128; // of what a client calls its things
  std::string path{domain::whole_characters(place, step_bytes_max)};
  path += found->place.empty() || item ? "" : ".";
  found->place = path + found->place;
  return found;
}

problem must_be(std::string_view what, const dom::element& got) {
  return at({}, "must be " + std::string{what} + ", but is " + std::string{json::type_name(got)});
}

problem check_schema(const dom::element& schema);

problem check_string(const dom::element& value) {
  return value.is_string() ? std::nullopt : must_be("a string", value);
}

problem check_boolean(const dom::element& value) {
  return value.is_bool() ? std::nullopt : must_be("true or false", value);
}

problem check_array(const dom::element& value) {
  return value.is_array() ? std::nullopt : must_be("an array", value);
}

problem check_number(const dom::element& value) {
  return value.is_number() ? std::nullopt : must_be("a number", value);
}

problem check_positive(const dom::element& value) {
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS)
    return must_be("a number", value);
  return number > 0 ? std::nullopt : at({}, "must be greater than 0");
}

problem check_count(const dom::element& value) {
  double number = 0;
  if (value.get(number) != simdjson::SUCCESS)
    return must_be("an integer", value);
  if (number < 0
      || (value.is_double()
          && number != static_cast<double>(static_cast<std::int64_t>(std::min(number, 9e15)))))
    return at({}, "must be an integer of 0 or more");
  return std::nullopt;
}

/// Strings, none twice.
problem check_names(const dom::element& value) {
  dom::array items;
  if (value.get(items) != simdjson::SUCCESS)
    return must_be("an array of strings", value);
  std::vector<std::string_view> names;
  std::size_t index = 0;
  for (const auto item : items) {
    std::string_view name;
    if (item.get(name) != simdjson::SUCCESS)
      return below("[" + std::to_string(index) + "]", must_be("a string", item));
    names.push_back(name);
    ++index;
  }
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end())
    return at({}, "must not name anything twice");
  return std::nullopt;
}

problem check_type(const dom::element& value) {
  constexpr std::array<std::string_view, 7> words{"array",  "boolean", "integer", "null",
                                                  "number", "object",  "string"};
  const auto known = [&words](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  constexpr std::string_view rule =
    "must be one of array, boolean, integer, null, number, object, string, or several in an array";
  if (std::string_view word; value.get(word) == simdjson::SUCCESS)
    return known(word) ? std::nullopt : at({}, std::string{rule});
  dom::array items;
  if (value.get(items) != simdjson::SUCCESS || items.size() == 0)
    return at({}, std::string{rule});
  for (const auto item : items) {
    std::string_view word;
    if (item.get(word) != simdjson::SUCCESS || !known(word))
      return at({}, std::string{rule});
  }
  return check_names(value);
}

/// An object whose members all pass `check`.
template <class Check>
problem each_member(const dom::element& value, Check check) {
  dom::object members;
  if (value.get(members) != simdjson::SUCCESS)
    return must_be("an object", value);
  for (const auto member : members)
    if (auto found = check(member.value))
      return below(member.key, std::move(found));
  return std::nullopt;
}

problem check_schemas_by_name(const dom::element& value) {
  return each_member(value, check_schema);
}

problem check_schema_list(const dom::element& value) {
  dom::array items;
  if (value.get(items) != simdjson::SUCCESS)
    return must_be("an array of schemas", value);
  if (items.size() == 0)
    return at({}, "must not be empty");
  std::size_t index = 0;
  for (const auto item : items)
    if (auto found = check_schema(item))
      return below("[" + std::to_string(index) + "]", std::move(found));
    else
      ++index;
  return std::nullopt;
}

problem check_names_by_name(const dom::element& value) {
  return each_member(value, check_names);
}

problem check_dependencies(const dom::element& value) {
  return each_member(value, [](const dom::element& each) {
    return each.is_array() ? check_names(each) : check_schema(each);
  });
}

struct keyword {
  std::string_view name;
  problem (*check)(const dom::element& value);
};

/// What draft 2020-12 says of its keywords' values; others may have any.
constexpr std::array keywords{
  keyword{"type", check_type},
  keyword{"properties", check_schemas_by_name},
  keyword{"required", check_names},
  keyword{"items", check_schema},
  keyword{"description", check_string},
  keyword{"title", check_string},
  keyword{"enum", check_array},
  keyword{"additionalProperties", check_schema},
  keyword{"anyOf", check_schema_list},
  keyword{"oneOf", check_schema_list},
  keyword{"allOf", check_schema_list},
  keyword{"not", check_schema},
  keyword{"if", check_schema},
  keyword{"then", check_schema},
  keyword{"else", check_schema},
  keyword{"prefixItems", check_schema_list},
  keyword{"contains", check_schema},
  keyword{"propertyNames", check_schema},
  keyword{"unevaluatedItems", check_schema},
  keyword{"unevaluatedProperties", check_schema},
  keyword{"contentSchema", check_schema},
  keyword{"patternProperties", check_schemas_by_name},
  keyword{"dependentSchemas", check_schemas_by_name},
  keyword{"$defs", check_schemas_by_name},
  keyword{"definitions", check_schemas_by_name},
  keyword{"dependentRequired", check_names_by_name},
  keyword{"dependencies", check_dependencies},
  keyword{"minimum", check_number},
  keyword{"maximum", check_number},
  keyword{"exclusiveMinimum", check_number},
  keyword{"exclusiveMaximum", check_number},
  keyword{"multipleOf", check_positive},
  keyword{"minLength", check_count},
  keyword{"maxLength", check_count},
  keyword{"minItems", check_count},
  keyword{"maxItems", check_count},
  keyword{"minContains", check_count},
  keyword{"maxContains", check_count},
  keyword{"minProperties", check_count},
  keyword{"maxProperties", check_count},
  keyword{"uniqueItems", check_boolean},
  keyword{"deprecated", check_boolean},
  keyword{"readOnly", check_boolean},
  keyword{"writeOnly", check_boolean},
  keyword{"examples", check_array},
  keyword{"pattern", check_string},
  keyword{"format", check_string},
  keyword{"contentEncoding", check_string},
  keyword{"contentMediaType", check_string},
  keyword{"$ref", check_string},
  keyword{"$dynamicRef", check_string},
  keyword{"$id", check_string},
  keyword{"$schema", check_string},
  keyword{"$anchor", check_string},
  keyword{"$dynamicAnchor", check_string},
  keyword{"$comment", check_string},
};

problem check_schema(const dom::element& schema) { // NOLINT(misc-no-recursion): as deep as the text
  if (schema.is_bool())
    return std::nullopt;
  dom::object members;
  if (schema.get(members) != simdjson::SUCCESS)
    return must_be("a schema (an object, true or false)", schema);
  for (const auto member : members) {
    const auto* const known = std::find_if(
      keywords.begin(), keywords.end(), [&](const auto& each) { return each.name == member.key; });
    if (known == keywords.end())
      continue;
    if (auto found = known->check(member.value))
      return below(member.key, std::move(found));
  }
  return std::nullopt;
}

/// Of the properties at the top; further down the API takes any.
bool is_property_name(std::string_view name) noexcept {
  constexpr std::size_t bytes_max = 64;
  return !name.empty() && name.size() <= bytes_max
         && std::all_of(name.begin(), name.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                     || c == '_' || c == '.' || c == '-';
            });
}

problem check_top(const dom::object& schema) {
  for (const std::string_view combined : {"oneOf", "anyOf", "allOf"})
    if (schema[combined].error() == simdjson::SUCCESS)
      return at(std::string{combined}, "is not possible at the top of a tool's schema");
  std::string_view type;
  if (schema["type"].get(type) != simdjson::SUCCESS || type != "object")
    return at("type", "must be \"object\" at the top of a tool's schema");
  dom::object properties;
  if (schema["properties"].get(properties) != simdjson::SUCCESS)
    return std::nullopt; // none, or check_schema tells
  for (const auto property : properties)
    if (!is_property_name(property.key))
      return at("properties", "has a name that is not 1 to 64 characters of A-Z, a-z, 0-9, '_', "
                              "'.', '-'");
  return std::nullopt;
}

} // namespace

std::optional<schema_problem> problem_of(const dom::element& schema) {
  dom::object members;
  if (schema.get(members) != simdjson::SUCCESS)
    return must_be("an object", schema);
  if (auto found = check_top(members))
    return found;
  return check_schema(schema);
}

} // namespace ccapi::dialect
