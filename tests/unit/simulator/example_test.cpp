#include "simulator/example.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

namespace ccapi::simulator {
namespace {

struct row {
  std::string_view schema;
  std::string_view value;
};

void PrintTo(const row& each, std::ostream* out) {
  *out << each.schema;
}

std::string example(std::string_view schema) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  EXPECT_EQ(parser.parse(simdjson::padded_string{schema}).get(root), simdjson::SUCCESS) << schema;
  return example_of(root);
}

class examples : public testing::TestWithParam<row> {};

TEST_P(examples, fit_their_schema) {
  EXPECT_EQ(example(GetParam().schema), GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
  table, examples,
  testing::Values(
    row{R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{}},
            "required":["a","b","none"]})",
        R"({"a":"demo","b":1,"none":"demo"})"},
    row{R"({"properties":{"a":{"type":["null","boolean"]}},"required":["a"]})", R"({"a":null})"},
    row{R"({"type":"array","items":{"type":"boolean"},"minItems":2})", "[true,true]"},
    row{R"({"type":"array"})", "[]"}, row{R"({"enum":["x","y"]})", R"("x")"},
    row{R"({"const":{"k": 1}})", R"({"k":1})"}, row{R"({"type":"number","minimum":2.5})", "3"},
    row{R"({"type":"integer","exclusiveMaximum":-4})", "-5"},
    row{R"({"type":"string","minLength":6})", R"("demooo")"},
    row{R"({"type":"string","maxLength":2})", R"("de")"},
    row{R"({"type":"string","format":"date"})", R"("2026-01-01")"},
    row{R"({"anyOf":[{"type":"null"},{"type":"string"}]})", "null"},
    row{R"({"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"required":["a"],
            "$defs":{"x":{"enum":[7]}}})",
        R"({"a":7})"},
    row{R"_({"type":"string","description":"When. (format: \"date\")"})_", R"("2026-01-01")"},
    row{R"_({"type":"integer","description":"(minimum: 3, maximum: 9)"})_", "3"},
    row{R"_({"type":"array","items":{"type":"boolean"},"minItems":1,
            "description":"Some (or more). (minItems: 2, maxItems: 3)"})_",
        "[true,true]"},
    row{R"({"type":"array","items":{"type":"null"}})", "[]"},
    row{R"({"type":"object","properties":{"a":{"type":"string"},"b":{}},"required":[]})",
        R"({"a":"demo","b":"demo"})"},
    row{"{}", R"("demo")"}));

TEST(examples, are_bounded_where_schemas_are_not) {
  const auto endless = example(
    R"({"type":"object","properties":{"a":{"$ref":"#"},"b":{"$ref":"#"}},"required":["a","b"]})");
  EXPECT_LT(endless.size(), 1U << 18U);
  simdjson::dom::parser parser;
  EXPECT_EQ(parser.parse(simdjson::padded_string{endless}).error(), simdjson::SUCCESS);
  const auto wide = example(
    R"({"type":"array","minItems":99999999,"items":{"type":"string","minLength":99999999}})");
  EXPECT_LT(wide.size(), 1U << 18U);
}

} // namespace
} // namespace ccapi::simulator
