// Fuzz target: any bytes as JSON. Oracles: what is written is its own canonical form, and simdjson
// takes what has one and nothing else, but for numbers and surrogates that it can't hold, and
// depth.

#include "json/canonical.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

void require(bool holds) {
  if (!holds)
    std::abort();
}

std::size_t depth_of(const simdjson::dom::element& value) {
  std::size_t deepest = 0;
  if (simdjson::dom::array items; value.get(items) == simdjson::SUCCESS)
    for (const auto item : items)
      deepest = std::max(deepest, depth_of(item));
  else if (simdjson::dom::object members; value.get(members) == simdjson::SUCCESS)
    for (const auto member : members)
      deepest = std::max(deepest, depth_of(member.value));
  else
    return 0;
  return deepest + 1;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ccapi;
  const std::string text{data, data + size};
  const auto canonical = json::canonical(text);
  if (canonical)
    require(json::canonical(*canonical) == canonical);
  static simdjson::dom::parser parser;
  simdjson::dom::element document;
  const auto code = parser.parse(text).get(document);
  if (code != simdjson::SUCCESS)
    require(!canonical || code == simdjson::NUMBER_ERROR || code == simdjson::STRING_ERROR);
  else
    require(canonical.has_value() == (depth_of(document) <= json::canonical_depth_max));
  return 0;
}
