// Which JSON texts count as the same, and which are none.

#include "json/canonical.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ccapi::json {
namespace {

using testing::Optional;

struct same_text {
  std::string_view written;
  std::string_view canonical;
};

class canonical_json : public testing::TestWithParam<same_text> {};

TEST_P(canonical_json, is_one_text_for_all_that_say_the_same) {
  const auto [written, expected] = GetParam();
  EXPECT_THAT(canonical(written), Optional(std::string{expected}));
  EXPECT_THAT(canonical(expected), Optional(std::string{expected})) << "not stable";
}

INSTANTIATE_TEST_SUITE_P(
  table, canonical_json,
  testing::Values(
    same_text{"{}", "{}"}, same_text{" [ ] ", "[]"}, same_text{"\t{\r\n} ", "{}"},
    same_text{R"({"b":1,"a":{"d":[1, 2],"c":null}})", R"({"a":{"c":null,"d":[1,2]},"b":1})"},
    same_text{R"({"a":1,"a":{"x":2},"a":3})", R"({"a":3})"},
    same_text{R"({"b":0,"a":1,"b":2})", R"({"a":1,"b":2})"},
    same_text{R"({"\u0061":1,"a":2})", R"({"a":2})"},
    same_text{R"({"":1," ":2})", R"({"":1," ":2})"},
    same_text{R"({"a-":1,"a":2})", R"({"a":2,"a-":1})"},
    same_text{R"({"é":1,"z":2,"Z":3})", R"({"Z":3,"z":2,"é":1})"},
    same_text{R"({"a\"":1,"a":2})", R"({"a":2,"a\"":1})"},
    same_text{R"(["\u0041\/\u00e9\ud83d\ude00"])", "[\"A/\xc3\xa9\xf0\x9f\x98\x80\"]"},
    same_text{R"("\"\\\b\f\n\r\t\u001F\u007f")", "\"\\\"\\\\\\b\\f\\n\\r\\t\\u001f\x7f\""},
    same_text{R"("\ud83d")", "\"\xef\xbf\xbd\""},
    same_text{R"("\ude00\ud83dx\ud83d\ud83d\ude00")",
              "\"\xef\xbf\xbd\xef\xbf\xbdx\xef\xbf\xbd\xf0\x9f\x98\x80\""},
    same_text{"[1.10,12345678901234567890,1e400,-0,0.5E+3,-1.0e-7]",
              "[1.10,12345678901234567890,1e400,-0,0.5E+3,-1.0e-7]"},
    same_text{" true", "true"}, same_text{"false ", "false"}, same_text{"null", "null"},
    same_text{R"([{"a":[[],{}]},""])", R"([{"a":[[],{}]},""])"}));

class no_json : public testing::TestWithParam<std::string_view> {};

TEST_P(no_json, has_no_canonical_text) {
  EXPECT_EQ(canonical(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
  table, no_json,
  testing::Values("", " ", "{", "}", "[", "]", "{]", "[}", "[1,]", "[,1]", "{,}", R"({"a":1,})",
                  R"({"a"})", R"({"a":})", R"({"a" 1})", "{a:1}", "{1:1}", "{} {}", "[1 2]",
                  "truex", "True", "nul", "01", "-", "-01", "1.", ".5", "1e", "1e+", "+1", "NaN",
                  "0x1", R"(")", R"("\)", R"("\x")", R"("\u12")", R"("\u12g4")", "\"\n\"",
                  "\"\x01\"", "\"\xff\"", "\"\xed\xa0\x80\"", "\xef\xbb\xbf{}", "'a'", "//\n1"));

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(canonical_json, nests_to_a_limit) {
  EXPECT_THAT(canonical(nested(canonical_depth_max)), Optional(nested(canonical_depth_max)));
  EXPECT_EQ(canonical(nested(canonical_depth_max + 1)), std::nullopt);
  EXPECT_EQ(canonical(std::string(1 << 20, '[')), std::nullopt);
}

TEST(canonical_json, sorts_objects_of_many_members_at_every_level) {
  std::string backwards = "0";
  std::string sorted = "0";
  for (std::size_t level = 1; level < canonical_depth_max; ++level) {
    backwards = R"({"b":)" + backwards + R"(,"a":1})";
    sorted = R"({"a":1,"b":)" + sorted + "}";
  }
  EXPECT_THAT(canonical(backwards), Optional(sorted));
}

TEST(canonical, has_room_for_so_many_values) {
  const auto list_of = [](std::size_t count) {
    std::string list = "[";
    for (std::size_t at = 0; at < count; ++at)
      list += at == 0 ? "1" : ",1";
    return list + "]";
  };
  EXPECT_TRUE(canonical(list_of(canonical_values_max - 1)));
  EXPECT_FALSE(canonical(list_of(canonical_values_max)));
}

} // namespace
} // namespace ccapi::json
