#pragma once
// example: a made-up value for a JSON schema. Pure.

#include <simdjson.h>

#include <string>

namespace ccapi::simulator {

/// JSON of a value that fits `schema` as far as this says it plainly: by type, enum, const,
/// required properties, the first alternative, references within it, the least numbers, lengths and
/// items. What a pattern asks for, say, it does not look at. Bounded in size, whatever the schema.
std::string example_of(simdjson::dom::object schema);

} // namespace ccapi::simulator
