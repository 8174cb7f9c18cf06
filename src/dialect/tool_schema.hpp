#pragma once
// tool_schema: what the Messages API takes as the input of a tool. Pure; any thread.

#include <simdjson.h>

#include <cstddef>
#include <optional>
#include <string>

namespace ccapi::dialect {

/// Where a schema is at fault, and how.
struct schema_problem {
  std::string place; ///< from the schema on: "properties.x.type"; empty: the schema itself
  std::string rule;  ///< what `place` must do: "must be an array"
};

/// The first thing for which the API would refuse the schema of a tool: it is no object with `type`
/// "object", it combines schemas at the top, it has names of properties that are not allowed, or it
/// is not valid by JSON Schema, draft 2020-12.
std::optional<schema_problem> problem_of(const simdjson::dom::element& schema);

/// What the strict schemas of one request need together.
struct strict_budget {
  std::size_t tools = 0;
  std::size_t optional_properties = 0;
  std::size_t unions = 0;
};

/// Adds a schema without problems to the strict ones. False, and nothing is added, if the API would
/// not take it as strict: it is not closed at every object, it uses what strict schemas may not, or
/// there would be too much of it.
bool add_strict(const simdjson::dom::element& schema, strict_budget& so_far);

} // namespace ccapi::dialect
