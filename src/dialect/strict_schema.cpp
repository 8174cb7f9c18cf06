#include "dialect/tool_schema.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ccapi::dialect {

namespace dom = simdjson::dom;

namespace {

/// Goes through a schema that is to be strict.
class strict_reader {
public:
  explicit strict_reader(const strict_budget& so_far)
    : needs_{so_far} {}

  bool read(const dom::element& value, bool referred = false) { // NOLINT(misc-no-recursion)
    if (dom::array items; value.get(items) == simdjson::SUCCESS)
      return std::all_of(items.begin(), items.end(), [this, referred](const dom::element& item) {
        return read(item, referred);
      });
    dom::object members;
    if (value.get(members) != simdjson::SUCCESS)
      return true;
    if (!is_closed(members))
      return false;
    count(members);
    for (const auto member : members) {
      if (!is_taken(member.key, member.value) || (referred && member.key == "$ref"))
        return false; // a definition that refers to another may come back to itself
      const bool by_name =
        member.key == "properties" || member.key == "$defs" || member.key == "definitions";
      const bool values = member.key == "enum" || member.key == "const" || member.key == "default"
                          || member.key == "examples";
      if (by_name ? !read_each(member.value, referred || member.key != "properties")
                  : !values && !read(member.value, referred))
        return false;
    }
    return true;
  }

  [[nodiscard]] const strict_budget& needs() const noexcept { return needs_; }

private:
  bool read_each(const dom::element& value, bool referred) { // NOLINT(misc-no-recursion)
    dom::object members;
    if (value.get(members) != simdjson::SUCCESS)
      return true;
    return std::all_of(members.begin(), members.end(), [&](const dom::key_value_pair& member) {
      return read(member.value, referred);
    });
  }

  static bool is_closed(const dom::object& schema) {
    const bool object = may_be_object(schema) || schema["properties"].error() == simdjson::SUCCESS;
    bool open = true;
    return !object || (schema["additionalProperties"].get(open) == simdjson::SUCCESS && !open);
  }

  static bool may_be_object(const dom::object& schema) {
    dom::element type;
    if (schema["type"].get(type) != simdjson::SUCCESS)
      return false;
    const auto is_object = [](const dom::element& each) {
      std::string_view name;
      return each.get(name) == simdjson::SUCCESS && name == "object";
    };
    dom::array types;
    return type.get(types) == simdjson::SUCCESS ? std::any_of(types.begin(), types.end(), is_object)
                                                : is_object(type);
  }

  /// The API takes no other keywords in what is strict, as far as is known.
  static bool is_taken(std::string_view name, const dom::element& value) {
    constexpr std::array<std::string_view, 21> taken{
      "type",        "properties", "required", "additionalProperties",
      "items",       "enum",       "const",    "anyOf",
      "allOf",       "$ref",       "$defs",    "definitions",
      "title",       "format",     "pattern",  "minItems",
      "description", "default",    "examples", "$schema",
      "$comment"};
    if (std::find(taken.begin(), taken.end(), name) == taken.end())
      return false;
    if (std::uint64_t least = 0; name == "minItems")
      return value.get(least) == simdjson::SUCCESS && least <= 1;
    if (name == "enum" || name == "const")
      return has_scalars_only(value);
    std::string_view target; // of a definition only: others may come back to themselves
    return name != "$ref"
           || (value.get(target) == simdjson::SUCCESS
               && (target.starts_with("#/$defs/") || target.starts_with("#/definitions/"))
               && target.find('/', target.find('/', 2) + 1) == std::string_view::npos);
  }

  static bool has_scalars_only(const dom::element& value) {
    const auto is_scalar = [](const dom::element& each) {
      return !each.is_array() && !each.is_object();
    };
    dom::array values;
    return value.get(values) == simdjson::SUCCESS
             ? std::all_of(values.begin(), values.end(), is_scalar)
             : is_scalar(value);
  }

  void count(const dom::object& schema) {
    std::vector<std::string_view> required;
    if (dom::array names; schema["required"].get(names) == simdjson::SUCCESS)
      for (const auto each : names)
        if (std::string_view name; each.get(name) == simdjson::SUCCESS)
          required.push_back(name);
    std::sort(required.begin(), required.end());
    if (dom::object properties; schema["properties"].get(properties) == simdjson::SUCCESS)
      for (const auto property : properties)
        if (!std::binary_search(required.begin(), required.end(), property.key))
          ++needs_.optional_properties;
    for (const std::string_view either : {"anyOf", "oneOf"})
      needs_.unions += schema[either].error() == simdjson::SUCCESS ? 1 : 0;
    if (dom::array types; schema["type"].get(types) == simdjson::SUCCESS && types.size() > 1)
      ++needs_.unions;
  }

  strict_budget needs_;
};

} // namespace

bool add_strict(const dom::element& schema, strict_budget& so_far) {
  constexpr strict_budget most{.tools = 20, .optional_properties = 24, .unions = 16};
  strict_reader reader{so_far};
  if (!reader.read(schema))
    return false;
  auto needs = reader.needs();
  ++needs.tools;
  if (needs.tools > most.tools || needs.optional_properties > most.optional_properties
      || needs.unions > most.unions)
    return false;
  so_far = needs;
  return true;
}

} // namespace ccapi::dialect
