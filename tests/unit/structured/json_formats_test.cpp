// What becomes of schemas: fixtures/structured/schemas.json has them, with what the API is told,
// answers that fit and answers that do not, or where the refusal is.

#include "structured/json_formats.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

namespace ccapi::structured {
namespace {

const boost::json::array& schemas() {
  static const auto read = [] {
    std::ifstream file{CCAPI_FIXTURES "/structured/schemas.json"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return boost::json::parse(text).as_array();
  }();
  return read;
}

std::string flaw(const domain::answer_format& format, std::string_view answer) {
  return format.flaw_of(answer).value_or("");
}

TEST(json_formats, schemas_are_checked_told_and_held_to_or_refused) {
  EXPECT_GE(schemas().size(), 100U);
  for (const auto& row : schemas()) {
    const auto& each = row.as_object();
    const std::string name{each.at("name").as_string()};
    const auto made = of_schema(boost::json::serialize(each.at("schema")), "schema");
    if (const auto* refused = each.if_contains("refused")) {
      ASSERT_FALSE(made) << name;
      EXPECT_EQ(made.error().param, refused->as_string()) << name << ": " << made.error().message;
      EXPECT_NE(made.error().message.find(refused->as_string()), std::string::npos) << name;
      continue;
    }
    ASSERT_TRUE(made) << name << ": " << made.error().message;
    if (const auto* told = each.if_contains("told")) {
      EXPECT_EQ(boost::json::parse(std::string{(*made)->for_api().text()}), *told) << name;
    }
    for (const auto& good : each.at("good").as_array())
      EXPECT_EQ(flaw(**made, boost::json::serialize(good)), "") << name;
    if (const auto* bad = each.if_contains("bad")) {
      for (const auto& pair : bad->as_array()) {
        const auto what = flaw(**made, boost::json::serialize(pair.at(0)));
        EXPECT_NE(what.find(pair.at(1).as_string()), std::string::npos) << name << ": " << what;
      }
    }
  }
}

TEST(json_formats, the_member_that_stands_for_a_map_has_a_name_of_its_own) {
  const std::string map = R"({"type":"object","additionalProperties":{"type":"integer"}})";
  const auto name_in = [](const std::string& schema) {
    const auto made = of_schema(schema, "schema");
    EXPECT_TRUE(made) << made.error().message;
    return made ? (*made)->map_name() : std::string{};
  };
  EXPECT_EQ(name_in(R"({"type":"object","properties":{"a":{"type":"string"}}})"), "");
  EXPECT_EQ(name_in(map), "map_entries");
  EXPECT_EQ(name_in(R"({"type":"object","properties":{"map_entries":)" + map + "}}"),
            "map_entries_");
}

TEST(json_formats, an_object_is_one_json_object_and_nothing_else) {
  const auto format = any_object();
  EXPECT_TRUE(format->for_api().empty());
  EXPECT_EQ(flaw(*format, R"( {"a":[1,{"b":null}]} )"), "");
  EXPECT_NE(flaw(*format, "[1]"), "");
  EXPECT_NE(flaw(*format, R"({"a":1}{"b":2})"), "");
  EXPECT_NE(flaw(*format, R"({"a":1,"a":2})"), "");
  EXPECT_NE(flaw(*format, R"({"a":1)"), "");
  EXPECT_NE(flaw(*format, "Here it is: {}"), "");
  EXPECT_NE(flaw(*format, ""), "");
}

/// A chain of objects, each the "a" of the one around it.
std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t level = 0; level < depth; ++level)
    text += R"({"a":)";
  return text + "1" + std::string(depth, '}');
}

TEST(json_formats, a_check_ends_soon_whatever_the_schema) {
  const auto within = [](std::string schema, const std::string& answer) {
    const auto format = of_schema(std::move(schema), "schema");
    ASSERT_TRUE(format) << format.error().message;
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_NE(flaw(**format, answer), "");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
  };
  within(R"({"type":"object","properties":{"a":{"oneOf":[{"$ref":"#"},{"$ref":"#"}]}},
             "required":[],"additionalProperties":false})",
         nested(60));
  within(R"({"type":"object","properties":{"s":{"type":"string","pattern":"^(a+)+$"}}})",
         R"({"s":")" + std::string(500'000, 'a') + R"(!"})");
  std::string numbers{"1"};
  for (int each = 2; each < 100'000; ++each)
    numbers += "," + std::to_string(each);
  within(R"({"type":"object","properties":{"n":{"type":"array","uniqueItems":true}}})",
         R"({"n":[)" + numbers + ",7]}");
}

TEST(json_formats, a_schema_that_leads_only_to_itself_is_refused) {
  for (const std::string schema :
       {R"({"$ref":"#"})", R"({"type":"object","properties":{"a":{"$ref":"#/$defs/a"}},
          "$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}}})"}) {
    const auto made = of_schema(schema, "schema");
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().param, "schema");
  }
}

/// What the API is told of a property "p", and of definitions.
boost::json::object told(const std::string& property, const std::string& more = {}) {
  const auto made =
    of_schema(R"({"type":"object","properties":{"p":)" + property + "}" + more + "}", "schema");
  EXPECT_TRUE(made) << made.error().message;
  return made ? boost::json::parse(std::string{(*made)->for_api().text()}).as_object()
              : boost::json::object{};
}

TEST(json_formats, properties_that_are_named_like_shelves_of_definitions_are_seen_through) {
  for (const std::string name : {"definitions", "$defs"}) {
    const auto text = boost::json::serialize(
      told(R"({"$ref":"#/$defs/d"})", R"(,"$defs":{"d":{"type":"object","properties":{")" + name
                                        + R"(":{"type":"array","items":{"$ref":"#/$defs/d"}}}}})"));
    EXPECT_NE(text.find("\"d_4\""), std::string::npos) << text; // unrolled four times
    EXPECT_EQ(text.find("\"d_5\""), std::string::npos) << text;
  }
}

TEST(json_formats, values_that_the_api_takes_none_of_are_refused_if_nothing_else_says_their_type) {
  for (const std::string values : {R"("enum":[{"a":1},[2]])", R"("const":{"a":1})"}) {
    const auto made =
      of_schema(R"({"type":"object","properties":{"p":{)" + values + "}}}", "schema");
    ASSERT_FALSE(made) << values;
    EXPECT_EQ(made.error().param, "schema.properties.p");
  }
  EXPECT_EQ(told(R"({"enum":["a",{"b":1},2]})").at("properties").at("p"),
            boost::json::parse(R"({"enum":["a",2]})"));
}

} // namespace
} // namespace ccapi::structured
