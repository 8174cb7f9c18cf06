#include "domain/turn/fence_filter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace ccapi::domain {
namespace {

constexpr std::pair<std::string_view, std::string_view> cases[]{
  {R"({"a":1})", R"({"a":1})"},
  {"```json\n{\"a\":1}\n```", R"({"a":1})"},
  {"```\n{\"a\":1}\n```\n", R"({"a":1})"},
  {" \n```JSON {\"a\":1}```  ", R"({"a":1})"},
  {"```json\n{\"a\":\"```x``\"}\n```", R"({"a":"```x``"})"},
  {"```json\n{\"a\": 1,\n \"b\": 2}\n```", "{\"a\": 1,\n \"b\": 2}"},
  {"```json\n[1]", "[1]"},
  {"```json\n[1]\n```\nThat is it.", "[1]\n```\nThat is it."},
  {"```json\n[1]\n````", "[1]\n````"},
  {"```json\n[1]\n``", "[1]\n``"},
  {"Here:\n```json\n[1]\n```", "Here:\n```json\n[1]\n```"},
  {"``", "``"},
  {"``[1]", "``[1]"},
  {"", ""},
  {"```", ""},
};

std::string filtered(std::string_view a, std::string_view b, std::string_view c) {
  fence_filter filter;
  auto shown = filter.pass(a);
  shown += filter.pass(b);
  shown += filter.pass(c);
  return shown + filter.finish();
}

TEST(fence_filter, takes_a_fence_away_however_the_answer_is_split) {
  for (const auto& [text, wanted] : cases)
    for (std::size_t first = 0; first <= text.size(); ++first)
      for (auto second = first; second <= text.size(); ++second)
        EXPECT_EQ(
          filtered(text.substr(0, first), text.substr(first, second - first), text.substr(second)),
          wanted)
          << text << " at " << first << ", " << second;
}

TEST(fence_filter, takes_a_fence_away_byte_by_byte) {
  for (const auto& [text, wanted] : cases) {
    fence_filter filter;
    std::string shown;
    for (const char each : text)
      shown += filter.pass({&each, 1});
    EXPECT_EQ(shown + filter.finish(), wanted) << text;
  }
}

TEST(fence_filter, shows_at_once_what_is_no_fence) {
  fence_filter filter;
  EXPECT_EQ(filter.pass("{"), "{");
  EXPECT_EQ(filter.pass("\"a\":1}\n"), "\"a\":1}\n");
  fence_filter fenced;
  EXPECT_EQ(fenced.pass("```json\n{"), "{");
  EXPECT_EQ(fenced.pass("\n"), "");
  EXPECT_EQ(fenced.pass("}"), "\n}");
}

} // namespace
} // namespace ccapi::domain
