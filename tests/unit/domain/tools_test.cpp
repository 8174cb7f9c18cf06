#include "domain/turn/tools.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ccapi::domain {
namespace {

TEST(tools, names_that_the_api_takes_stay_as_they_are) {
  for (const std::string name : {"get_weather", "a", "Read-file_2", "Bash"})
    EXPECT_EQ(api_tool_name(name), name);
  EXPECT_EQ(api_tool_name(std::string(128, 'x')), std::string(128, 'x'));
}

TEST(tools, other_names_become_ones_that_it_takes_and_stay_different) {
  const std::vector<std::string> names{"a.b",
                                       "a b",
                                       "a/b",
                                       "w\xc3\xa4tter",
                                       "ToolSearch",
                                       std::string(129, 'x'),
                                       std::string(256, 'x')};
  std::vector<std::string> made;
  for (const auto& name : names) {
    made.push_back(api_tool_name(name));
    EXPECT_NE(made.back(), name);
    EXPECT_EQ(made.back(), api_tool_name(name));
    EXPECT_LE(made.back().size(), 128U);
    EXPECT_EQ(api_tool_name(made.back()), made.back());
  }
  std::sort(made.begin(), made.end());
  EXPECT_EQ(std::adjacent_find(made.begin(), made.end()), made.end());
}

TEST(tools, lists_are_the_same_by_what_they_hold) {
  const tool weather{"get_weather", "get_weather", "", R"({"type":"object"})", false};
  auto other = weather;
  other.description = "Says how it is outside.";
  const tool_list none;
  EXPECT_EQ(none, tool_list{std::vector<tool>{}});
  EXPECT_EQ(tool_list{std::vector{weather}}, tool_list{std::vector{weather}});
  EXPECT_FALSE(tool_list{std::vector{weather}} == tool_list{std::vector{other}});
  EXPECT_FALSE(tool_list{std::vector{weather}} == none);
  EXPECT_EQ(tool_list{std::vector{weather}}.find_by_api_name("get_weather")->name, "get_weather");
  EXPECT_EQ(none.find_by_api_name("get_weather"), nullptr);
}

} // namespace
} // namespace ccapi::domain
