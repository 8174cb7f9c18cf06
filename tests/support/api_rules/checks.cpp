#include "checks.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

namespace api_rules {

namespace json = boost::json;

namespace {

using names = std::optional<std::map<std::string, std::string>>;

const json::value* member(const json::value& from, std::string_view key) {
  const auto* object = from.if_object();
  return object != nullptr ? object->if_contains(key) : nullptr;
}

std::string text_at(const json::value& from, std::string_view key) {
  const auto* value = member(from, key);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

/// A block and its place.
struct placed {
  std::size_t message = 0;
  std::size_t index = 0;
  const json::value* block = nullptr; ///< null: a text that stands in place of blocks

  [[nodiscard]] std::string type() const {
    return block != nullptr ? text_at(*block, "type") : "text";
  }
  [[nodiscard]] std::string id(std::string_view key) const {
    return block != nullptr ? text_at(*block, key) : std::string{};
  }
};

struct turn {
  std::string role;
  std::vector<placed> blocks;
};

/// Neighbours of one role as one; those of role system don't part neighbours.
std::vector<turn> turns_of(const request& what) {
  std::vector<turn> turns;
  const auto* messages = member(what.body, "messages");
  if (messages == nullptr || !messages->is_array())
    return turns;
  for (std::size_t n = 0; n < messages->get_array().size(); ++n) {
    const auto& message = messages->get_array()[n];
    const auto role = text_at(message, "role");
    if (!message.is_object() || role == "system")
      continue;
    if (turns.empty() || turns.back().role != role)
      turns.push_back({role, {}});
    auto& blocks = turns.back().blocks;
    const auto* content = member(message, "content");
    if (content != nullptr && content->is_string())
      blocks.push_back({n, 0, nullptr});
    else if (content != nullptr && content->is_array())
      for (std::size_t m = 0; m < content->get_array().size(); ++m)
        if (content->get_array()[m].is_object())
          blocks.push_back({n, m, &content->get_array()[m]});
  }
  return turns;
}

names tool_use_answered(const request& what) {
  const auto turns = turns_of(what);
  for (std::size_t at = 0; at < turns.size(); ++at) {
    if (turns[at].role != "assistant")
      continue;
    std::set<std::string> answered;
    if (at + 1 < turns.size())
      for (const auto& each : turns[at + 1].blocks) {
        if (each.type() != "tool_result")
          break;
        answered.insert(each.id("tool_use_id"));
      }
    std::string first;
    std::string ids;
    for (const auto& each : turns[at].blocks)
      if (each.type() == "tool_use" && !answered.contains(each.id("id"))) {
        if (ids.empty())
          first = std::to_string(each.message);
        ids.append(ids.empty() ? "" : ", ").append(each.id("id"));
      }
    if (!first.empty())
      return {{{"N", first}, {"ID", ids}}};
  }
  return std::nullopt;
}

names place_of(const placed& each, std::string_view key) {
  return {
    {{"N", std::to_string(each.message)}, {"M", std::to_string(each.index)}, {"ID", each.id(key)}}};
}

names tool_result_known(const request& what) {
  std::set<std::string> known;
  for (const auto& [role, blocks] : turns_of(what)) {
    if (role == "user")
      for (const auto& each : blocks)
        if (each.type() == "tool_result" && !known.contains(each.id("tool_use_id")))
          return place_of(each, "tool_use_id");
    known.clear();
    for (const auto& each : blocks)
      if (each.type() == "tool_use")
        known.insert(each.id("id"));
  }
  return std::nullopt;
}

names tool_result_single(const request& what) {
  for (const auto& [role, blocks] : turns_of(what)) {
    std::set<std::string> seen;
    for (const auto& each : blocks)
      if (each.type() == "tool_result" && !seen.insert(each.id("tool_use_id")).second)
        return place_of(each, "tool_use_id");
  }
  return std::nullopt;
}

names tool_use_unique(const request& what) {
  std::set<std::string> seen;
  for (const auto& [role, blocks] : turns_of(what))
    for (const auto& each : blocks)
      if (each.type() == "tool_use" && !seen.insert(each.id("id")).second)
        return place_of(each, "id");
  return std::nullopt;
}

/// With enabled thinking, the turn of an open tool loop begins with thinking.
names thinking_first(const request& what) {
  const auto* thinking = member(what.body, "thinking");
  if (thinking == nullptr || text_at(*thinking, "type") != "enabled")
    return std::nullopt;
  const auto turns = turns_of(what);
  const turn* loop = nullptr;
  for (auto each = turns.rbegin(); each != turns.rend(); ++each) {
    if (each->role == "assistant")
      loop = &*each;
    else if (std::any_of(each->blocks.begin(), each->blocks.end(),
                         [](const placed& block) { return block.type() != "tool_result"; }))
      break;
  }
  if (loop == nullptr || loop->blocks.empty() || turns.back().role != "user")
    return std::nullopt;
  const auto& first = loop->blocks.front();
  if (first.type() == "thinking" || first.type() == "redacted_thinking")
    return std::nullopt;
  return {{{"N", std::to_string(first.message)}, {"TYPE", first.type()}}};
}

/// Fulfilled by the schema and all in it.
template <class Test>
bool all_schemas(const json::value& schema, Test test) {
  if (!schema.is_object())
    return true;
  if (!test(schema))
    return false;
  for (const std::string_view key :
       {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
    if (const auto* named = member(schema, key); named != nullptr && named->is_object())
      for (const auto& each : named->get_object())
        if (!all_schemas(each.value(), test))
          return false;
  for (const std::string_view key : {"anyOf", "allOf", "oneOf", "prefixItems"})
    if (const auto* list = member(schema, key); list != nullptr && list->is_array())
      for (const auto& each : list->get_array())
        if (!all_schemas(each, test))
          return false;
  for (const std::string_view key :
       {"items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames",
        "unevaluatedItems", "unevaluatedProperties"})
    if (const auto* inner = member(schema, key); inner != nullptr && !all_schemas(*inner, test))
      return false;
  return true;
}

bool is_type(const json::value& name) {
  constexpr std::array<std::string_view, 7> types{"array",  "boolean", "integer", "null",
                                                  "number", "object",  "string"};
  return name.is_string()
         && std::find(types.begin(), types.end(), std::string_view{name.get_string()})
              != types.end();
}

bool is_of_2020_12(const json::value& schema) {
  const auto is_kind = [&](std::string_view key, json::kind kind) {
    const auto* value = member(schema, key);
    return value != nullptr && value->kind() == kind;
  };
  const auto* type = member(schema, "type");
  const bool types =
    type == nullptr || is_type(*type)
    || (type->is_array()
        && std::all_of(type->get_array().begin(), type->get_array().end(), is_type));
  return types && !is_kind("items", json::kind::array)
         && !is_kind("exclusiveMinimum", json::kind::bool_)
         && !is_kind("exclusiveMaximum", json::kind::bool_)
         && (member(schema, "properties") == nullptr || is_kind("properties", json::kind::object))
         && (member(schema, "required") == nullptr || is_kind("required", json::kind::array));
}

bool is_closed(const json::value& schema) {
  const auto* more = member(schema, "additionalProperties");
  return text_at(schema, "type") != "object" || (more != nullptr && *more == false);
}

/// The first tool whose schema fails the test.
template <class Test>
names first_tool(const request& what, bool only_strict, Test test) {
  const auto* tools = member(what.body, "tools");
  if (tools == nullptr || !tools->is_array())
    return std::nullopt;
  for (std::size_t n = 0; n < tools->get_array().size(); ++n) {
    const auto& tool = tools->get_array()[n];
    const auto* strict = member(tool, "strict");
    const auto* schema = member(tool, "input_schema");
    if ((!only_strict || (strict != nullptr && *strict == true)) && schema != nullptr
        && !all_schemas(*schema, test))
      return {{{"N", std::to_string(n)}}};
  }
  return std::nullopt;
}

names schema_of_2020_12(const request& what) {
  return first_tool(what, false, is_of_2020_12);
}

names strict_closed(const request& what) {
  return first_tool(what, true, is_closed);
}

} // namespace

named_check find_check(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, named_check>, 7> checks{
    {{"tool_use_answered", tool_use_answered},
     {"tool_result_known", tool_result_known},
     {"tool_result_single", tool_result_single},
     {"tool_use_unique", tool_use_unique},
     {"thinking_first", thinking_first},
     {"schema_of_2020_12", schema_of_2020_12},
     {"strict_closed", strict_closed}}};
  for (const auto& [known, check] : checks)
    if (known == name)
      return check;
  return nullptr;
}

} // namespace api_rules
