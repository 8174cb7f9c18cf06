#include "domain/turn/map_filter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ccapi::domain {
namespace {

struct conversion {
  std::string_view said, shown;
};

const std::vector<conversion>& conversions() {
  static const std::vector<conversion> all{
    {R"({"maps":[{"key":"a","value":1},{"key":"b","value":2}]})", R"({"a":1,"b":2})"},
    {R"({"maps":[]})", "{}"},
    {R"({"s":{"maps":[{"key":"a","value":1}]},"t":[{"maps":[]}]})", R"({"s":{"a":1},"t":[{}]})"},
    {"{ \"maps\" : [ { \"key\" : \"a\" , \"value\" : 1 } , {\n\"key\":\"b\",\"value\":null} ] }",
     R"({"a": 1 ,"b":null})"},
    {R"({"maps":[{"key":"a","value":{"maps":[{"key":"b","value":[{"c":"}"}]}]}}]})",
     R"({"a":{"b":[{"c":"}"}]}})"},
    {R"({"maps":[{"key":"a","value":{"x":{"y":1},"z":{}}}]})", R"({"a":{"x":{"y":1},"z":{}}})"},
    {R"({"maps":[{"key":"\"}],\\","value":"{\"maps\":[\\"},{"key":"","value":[[],{}]}]})",
     R"({"\"}],\\":"{\"maps\":[\\","":[[],{}]})"},
    // What is no such object passes.
    {R"({"map":[{"key":"a","value":1}]})", R"({"map":[{"key":"a","value":1}]})"},
    {R"({"maps":{"key":"a","value":1}})", R"({"maps":{"key":"a","value":1}})"},
    {R"({"a":1,"maps":[]})", R"({"a":1,"maps":[]})"},
    {R"("{\"maps\":[" [{}, { },{ "x" : "{"}] hello)",
     R"("{\"maps\":[" [{}, { },{ "x" : "{"}] hello)"},
    {R"({ { {"ma)", R"({ { {"ma)"},
    {R"({"maps")", R"({"maps")"},
    // So does what broke off, as far as it is known.
    {R"({"maps":[{"key":"a","value":"x)", R"({"a":"x)"},
    {R"({"maps":[{"key":"a","value":1}, {"ke)", R"({"a":1)"},
    {R"({"maps":[{"key":"a" )", R"({"a")"},
  };
  return all;
}

std::string shown(std::string_view said, std::size_t step) {
  map_filter filter{"maps"};
  std::string text;
  for (std::size_t at = 0; at < said.size(); at += step)
    text += filter.pass(said.substr(at, step));
  return text + filter.finish();
}

TEST(map_filter, makes_maps_of_lists_of_entries_however_the_answer_is_split) {
  for (const auto& each : conversions())
    for (std::size_t step = 1; step <= each.said.size(); ++step)
      EXPECT_EQ(shown(each.said, step), each.shown) << each.said << " by " << step;
}

TEST(map_filter, an_entry_of_another_form_spoils_the_answer) {
  for (const std::string_view said :
       {R"({"maps":[1]})", R"({"maps":[{"value":1,"key":"a"}]})",
        R"({"maps":[{"key":1,"value":1}]})", R"({"maps":[{"key":"a"}]})",
        R"({"maps":[{"key":"a","value":1,"more":2}]})", R"({"maps":[{"key":"a","value":1]})",
        R"({"maps":[{"key":"a","value":1}],"more":1})", R"({"maps":[,{"key":"a","value":1}]})",
        R"({"maps":[{"key":"a","value":1},]})",
        R"({"maps":[{"key":"a","value":1}{"key":"b","value":1}]})"})
    for (std::size_t step = 1; step <= said.size(); ++step) {
      const auto text = shown(said, step);
      EXPECT_NE(text.find(']'), std::string::npos) << text; // which closes nothing
      EXPECT_EQ(text.find("[{"), std::string::npos) << text;
      EXPECT_EQ(text.front(), '{');
    }
}

TEST(map_filter, shows_at_once_what_is_known) {
  map_filter filter{"maps"};
  EXPECT_EQ(filter.pass(R"({"s)"), R"({"s)");
  EXPECT_EQ(filter.pass(R"(cores":{)"), R"(cores":)");
  EXPECT_EQ(filter.pass(R"("maps":)"), "");
  EXPECT_EQ(filter.pass(R"([)"), "{");
  EXPECT_EQ(filter.pass(R"({"key":"an)"), R"("an)");
  EXPECT_EQ(filter.pass(R"(na","value":1)"), R"(na":1)");
  EXPECT_EQ(filter.pass(R"(7},{"key":")"), R"(7,")");
  EXPECT_EQ(filter.finish(), "");
}

} // namespace
} // namespace ccapi::domain
