#pragma once
// schema_fields: members of a schema as the client wrote it.

#include <simdjson.h>

#include <optional>
#include <string_view>

namespace ccapi::structured {

/// Nothing: there is no such member.
inline std::optional<simdjson::dom::element> at(const simdjson::dom::object& from,
                                                std::string_view keyword) {
  simdjson::dom::element value;
  if (from.at_key(keyword).get(value) != simdjson::SUCCESS)
    return std::nullopt;
  return value;
}

/// Nothing: it is no list, or not there.
inline std::optional<simdjson::dom::array> list_at(const simdjson::dom::object& from,
                                                   std::string_view keyword) {
  simdjson::dom::array list;
  const auto value = at(from, keyword);
  if (!value || value->get(list) != simdjson::SUCCESS)
    return std::nullopt;
  return list;
}

/// Empty: it is no string, or not there.
inline std::string_view text_at(const simdjson::dom::object& from, std::string_view keyword) {
  std::string_view text;
  if (const auto value = at(from, keyword); value && value->get(text) != simdjson::SUCCESS)
    return {};
  return text;
}

} // namespace ccapi::structured
