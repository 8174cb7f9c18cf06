// Fuzz target: a schema on the first line, an answer behind it. Oracles: a schema is refused where
// the message says, or told to the API as JSON of a bounded size whose references all lead
// somewhere; the check of an answer ends, and gives the same twice.

#include "structured/json_formats.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

namespace dom = simdjson::dom;

void require(bool holds) {
  if (!holds)
    std::abort();
}

void check_refs(dom::element root, dom::element from) {
  if (dom::array items; from.get(items) == simdjson::SUCCESS)
    for (const auto item : items)
      check_refs(root, item);
  if (dom::object members; from.get(members) == simdjson::SUCCESS)
    for (const auto member : members) {
      std::string_view ref;
      if (member.key == "$ref" && member.value.get(ref) == simdjson::SUCCESS)
        require(ref.starts_with("#/$defs/")
                && root.at_pointer(ref.substr(1)).error() == simdjson::SUCCESS);
      check_refs(root, member.value);
    }
}

void check_told(std::string_view text) {
  constexpr std::size_t told_max = (std::size_t{1} << 20) + 16;
  require(text.size() <= told_max);
  dom::parser parser;
  dom::element root;
  require(parser.parse(simdjson::padded_string{text}).get(root) == simdjson::SUCCESS);
  require(root.is_object() && root.at_key("type").get_string().value_unsafe() == "object");
  check_refs(root, root);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input{data, data + size};
  const auto end = std::min(input.find('\n'), input.size());
  const auto format = ccapi::structured::of_schema(input.substr(0, end), "schema");
  if (!format) {
    require(format.error().param.starts_with("schema") && !format.error().message.empty());
    return 0;
  }
  check_told((*format)->for_api().text());
  const auto answer = std::string_view{input}.substr(end);
  const auto flaw = (*format)->flaw_of(answer);
  require(!flaw || !flaw->empty());
  require(flaw == (*format)->flaw_of(answer));
  return 0;
}
