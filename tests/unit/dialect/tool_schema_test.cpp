// Which schemas of tools the API takes, where others are at fault, and which may be strict.

#include "dialect/tool_schema.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

namespace ccapi::dialect {
namespace {

struct document {
  explicit document(std::string_view json)
    : root{parser.parse(simdjson::padded_string{json})} {}

  simdjson::dom::parser parser;
  simdjson::dom::element root;
};

std::string place_of_problem(std::string_view json) {
  const document schema{json};
  const auto found = problem_of(schema.root);
  return found ? found->place + ": " + found->rule : "";
}

std::string with_property(std::string_view json) {
  return R"({"type":"object","properties":{"x":)" + std::string{json} + "}}";
}

TEST(tool_schema, takes_what_draft_2020_12_takes) {
  for (const std::string_view schema :
       {R"({"type":"object"})", R"({"type":"object","properties":{}})",
        R"({"type":"object","additionalProperties":{"type":"string"},"minProperties":1.0})",
        R"({"$schema":"http://json-schema.org/draft-07/schema#","type":"object","title":"T",
            "$defs":{"d":{"enum":["a",1,null]}},"definitions":{"e":true},"required":[],
            "properties":{"a":{"$ref":"#/$defs/d"},"B-c_d.9":{"type":["string","null"]},
                          "c":{"anyOf":[{"const":{"type":"any"}},false],
                               "default":[{"type":"any"}]}}})",
        R"({"type":"object","properties":{"type":{"type":"string"},"required":{"type":"boolean"},
            "items":{"type":"array","items":{"type":"object","properties":{"ä ö":{}}}}}})",
        R"({"type":"object","properties":{"n":{"exclusiveMinimum":0,"multipleOf":0.5,"maximum":1e9},
            "t":{"prefixItems":[{"type":"number"}],"items":false,"minItems":0,"uniqueItems":true},
            "s":{"pattern":"^a","format":"date","minLength":1,"nullable":"yes","x-any":[{}]}},
            "if":{},"then":true,"else":{"not":{}},"dependentRequired":{"n":["t"]},
            "dependencies":{"n":["t"],"t":{"required":["s"]}}})"})
    EXPECT_EQ(place_of_problem(schema), "") << schema;
}

struct problem_case {
  std::string_view place;
  std::string schema;
};

void PrintTo(const problem_case& row, std::ostream* out) {
  *out << row.schema;
}

class schema_at_fault : public testing::TestWithParam<problem_case> {};

TEST_P(schema_at_fault, is_told_where) {
  const document schema{GetParam().schema};
  const auto found = problem_of(schema.root);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->place, GetParam().place) << found->rule;
  EXPECT_FALSE(found->rule.empty());
}

INSTANTIATE_TEST_SUITE_P(
  top, schema_at_fault,
  testing::Values(problem_case{"", "[]"}, problem_case{"", "true"}, problem_case{"", R"("object")"},
                  problem_case{"type", R"({"properties":{}})"},
                  problem_case{"type", R"({"type":"array"})"},
                  problem_case{"type", R"({"type":["object"]})"},
                  problem_case{"oneOf", R"({"type":"object","oneOf":[{}]})"},
                  problem_case{"anyOf", R"({"type":"object","anyOf":[{}]})"},
                  problem_case{"allOf", R"({"type":"object","allOf":[{}]})"},
                  problem_case{"properties", R"({"type":"object","properties":{"a b":{}}})"},
                  problem_case{"properties", R"({"type":"object","properties":{"":{}}})"},
                  problem_case{"properties", R"({"type":"object","properties":{"ä":{}}})"},
                  problem_case{"properties", R"({"type":"object","properties":{")"
                                               + std::string(65, 'a') + R"(":{}}})"},
                  problem_case{"properties", R"({"type":"object","properties":[]})"},
                  problem_case{"required", R"({"type":"object","required":"x"})"},
                  problem_case{"required[1]", R"({"type":"object","required":["x",1]})"},
                  problem_case{"required", R"({"type":"object","required":["x","x"]})"}));

INSTANTIATE_TEST_SUITE_P(
  below, schema_at_fault,
  testing::Values(
    problem_case{"properties.x", with_property(R"("string")")},
    problem_case{"properties.x", with_property("null")},
    problem_case{"properties.x.type", with_property(R"({"type":"any"})")},
    problem_case{"properties.x.type", with_property(R"({"type":["string","str"]})")},
    problem_case{"properties.x.type", with_property(R"({"type":[]})")},
    problem_case{"properties.x.type", with_property(R"({"type":["null","null"]})")},
    problem_case{"properties.x.type", with_property(R"({"type":null})")},
    problem_case{"properties.x.items", with_property(R"({"items":[{"type":"string"}]})")},
    problem_case{"properties.x.items.properties.y.required",
                 with_property(R"({"items":{"properties":{"y":{"required":true}}}})")},
    problem_case{"properties.x.anyOf", with_property(R"({"anyOf":[]})")},
    problem_case{"properties.x.anyOf[1].type", with_property(R"({"anyOf":[{},{"type":"x"}]})")},
    problem_case{"properties.x.exclusiveMinimum", with_property(R"({"exclusiveMinimum":true})")},
    problem_case{"properties.x.minimum", with_property(R"({"minimum":"0"})")},
    problem_case{"properties.x.multipleOf", with_property(R"({"multipleOf":0})")},
    problem_case{"properties.x.minLength", with_property(R"({"minLength":-1})")},
    problem_case{"properties.x.maxItems", with_property(R"({"maxItems":1.5})")},
    problem_case{"properties.x.enum", with_property(R"({"enum":"a"})")},
    problem_case{"properties.x.description", with_property(R"({"description":null})")},
    problem_case{"properties.x.uniqueItems", with_property(R"({"uniqueItems":"true"})")},
    problem_case{"properties.x.additionalProperties",
                 with_property(R"({"additionalProperties":"no"})")},
    problem_case{"$defs.d.type", R"({"type":"object","$defs":{"d":{"type":"Object"}}})"},
    problem_case{"dependencies.a[0]", R"({"type":"object","dependencies":{"a":[1]}})"}));

bool strict(std::string_view json) {
  strict_budget budget;
  const document schema{json};
  return add_strict(schema.root, budget);
}

TEST(strict_schemas, are_closed_at_every_object) {
  EXPECT_TRUE(strict(R"({"type":"object","additionalProperties":false})"));
  EXPECT_FALSE(strict(R"({"type":"object"})"));
  EXPECT_FALSE(strict(R"({"type":"object","additionalProperties":true})"));
  EXPECT_FALSE(strict(R"({"type":"object","additionalProperties":false,
                          "properties":{"x":{"type":"array","items":{"type":"object"}}}})"));
  EXPECT_FALSE(strict(R"({"type":"object","additionalProperties":false,
                          "properties":{"x":{"anyOf":[{"properties":{}}]}}})"));
  EXPECT_TRUE(strict(R"({"type":"object","additionalProperties":false,
                         "properties":{"type":{"type":"string"},
                                       "x":{"const":"object","default":{"type":"object"}}}})"));
}

TEST(strict_schemas, have_no_bounds_and_no_way_back_to_themselves) {
  const auto with = [](std::string_view property) {
    return R"({"type":"object","additionalProperties":false,"properties":{"x":)"
           + std::string{property} + R"(},"$defs":{"d":{"type":"string"}}})";
  };
  EXPECT_TRUE(strict(with(R"({"$ref":"#/$defs/d"})")));
  EXPECT_TRUE(strict(with(R"({"type":"array","minItems":1})")));
  for (const std::string_view property :
       {R"({"minimum":1})", R"({"maxItems":3})", R"({"minItems":2})", R"({"$ref":"#"})",
        R"({"$ref":"http://x/y"})"})
    EXPECT_FALSE(strict(with(property))) << property;
  EXPECT_FALSE(strict(R"({"type":"object","additionalProperties":false,"$defs":
                          {"d":{"type":"array","items":{"$ref":"#/$defs/d"}}}})"));
}

TEST(strict_schemas, have_only_what_the_api_takes_for_sure) {
  const auto with = [](std::string_view property) {
    return R"({"type":"object","additionalProperties":false,"properties":{"a":)"
           + std::string{property} + "}}";
  };
  for (const std::string_view property :
       {R"({"type":["object","null"]})", R"({"enum":[{"x":1}]})", R"({"enum":[[1]]})",
        R"({"const":{}})", R"({"oneOf":[{"type":"string"}]})",
        R"({"type":"array","uniqueItems":true})", R"({"prefixItems":[{}]})",
        R"({"propertyNames":{}})", R"({"minProperties":1})", R"({"dependentRequired":{}})",
        R"({"then":{}})", R"({"else":{}})", R"({"$ref":"#/properties/a"})", R"({"$ref":"#"})",
        R"({"$ref":"#/$defs/d/items"})", R"({"minLength":1})", R"({"contains":{}})"})
    EXPECT_FALSE(strict(with(property))) << property;
  for (const std::string_view property :
       {R"({"type":["string","null"],"enum":["a",null],"description":"x","title":"y"})",
        R"({"const":1,"default":{"x":[]}})", R"({"anyOf":[{"type":"string"},{"type":"null"}]})",
        R"({"type":"array","items":{"type":"string","format":"date","pattern":"^a"}})"})
    EXPECT_TRUE(strict(with(property))) << property;
}

TEST(strict_schemas, share_the_limits_of_a_request) {
  strict_budget budget;
  const document closed{R"({"type":"object","additionalProperties":false})"};
  for (int tool = 0; tool < 20; ++tool)
    EXPECT_TRUE(add_strict(closed.root, budget));
  EXPECT_FALSE(add_strict(closed.root, budget));

  const auto many = [](std::string_view property, int count) {
    std::string schema{R"({"type":"object","additionalProperties":false,"properties":{)"};
    for (int index = 0; index < count; ++index)
      schema.append(index > 0 ? "," : "")
        .append("\"p" + std::to_string(index) + "\":")
        .append(property);
    return schema += "}}";
  };
  EXPECT_TRUE(strict(many("{}", 24)));
  EXPECT_FALSE(strict(many("{}", 25)));
  EXPECT_TRUE(strict(many(R"({"type":["string","null"]})", 16)));
  EXPECT_FALSE(strict(many(R"({"type":["string","null"]})", 17)));

  strict_budget two;
  const document dozen{many("{}", 13)};
  EXPECT_TRUE(add_strict(dozen.root, two));
  EXPECT_FALSE(add_strict(dozen.root, two)) << "26 together";
  EXPECT_TRUE(add_strict(closed.root, two)) << "a refused one takes nothing";
}

} // namespace
} // namespace ccapi::dialect
