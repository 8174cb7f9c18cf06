#include "json/reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ccapi::json {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using testing::HasSubstr;

/// The message of the refusal; empty if the text was accepted.
std::string refusal(std::string text, limits allowed = {}) {
  reader parser{allowed};
  const auto root = parser.parse(text);
  if (root)
    return {};
  EXPECT_EQ(root.error().code, domain::error_code::invalid_request);
  return root.error().message;
}

/// The string at the key "a".
std::string text_at_a(std::string text) {
  reader parser{{}};
  const auto root = parser.parse(text);
  if (!root)
    return "refused: " + root.error().message;
  std::string_view value;
  EXPECT_EQ(root->at_key("a").get(value), simdjson::SUCCESS);
  return std::string{value};
}

struct refused_case {
  std::string_view name;
  std::string_view text;
  std::string_view because;
};

class json_refusal : public testing::TestWithParam<refused_case> {};

TEST_P(json_refusal, says_what_is_wrong) {
  EXPECT_THAT(refusal(std::string{GetParam().text}), HasSubstr(std::string{GetParam().because}));
}

INSTANTIATE_TEST_SUITE_P(
  table, json_refusal,
  testing::Values(
    refused_case{"nothing", "", "empty"}, refused_case{"only_a_bom", "\xef\xbb\xbf", "empty"},
    refused_case{"only_space", " \n ", "empty"},
    refused_case{"a_second_document", "{} {}", "out of place"},
    refused_case{"a_bracket_too_many", "{}}", "out of place"},
    refused_case{"a_nul_after_it", "{}\0"sv, "Invalid JSON"},
    refused_case{"a_trailing_comma", R"({"a":1,})", "out of place"},
    refused_case{"an_open_object", R"({"a":1)", "Invalid JSON"},
    refused_case{"an_open_string", "{\"a\":\n \"b}", "at byte 7 (line 2, column 2)"},
    refused_case{"single_quotes", "{'a':1}", "Invalid JSON"},
    refused_case{"a_comment", "{} // x", "Invalid JSON"},
    refused_case{"a_word", R"({"a":nul})", "neither true, false nor null"},
    refused_case{"nan", R"({"a":NaN})", "Invalid JSON"},
    refused_case{"a_leading_zero", R"({"a":01})", "number"},
    refused_case{"a_control_character", "{\"a\":\"\x01\"}", "control character"},
    refused_case{"an_unknown_escape", R"({"a":"\x"})", "escape"},
    refused_case{"a_short_unicode_escape", R"({"a":"\u12"})", "escape"},
    refused_case{"bad_utf8", "{\"a\":\"\xff\"}", "not UTF-8 at byte 6 (line 1, column 7)"},
    refused_case{"utf8_surrogates", "{\"a\":\"\xed\xa0\x80\"}", "not UTF-8 at byte 6"},
    refused_case{"a_key_twice", R"({"a":1,"b":2,"a":3})", "the key 'a' twice"},
    refused_case{"a_key_twice_deep_inside", R"([{"x":[{"b":{},"b":1}]}])", "the key 'b' twice"},
    refused_case{"a_key_twice_by_escapes", R"({"a":1,"\u0061":2})", "the key 'a' twice"},
    refused_case{"a_surrogate_in_a_key", R"({"k\ud800" :1})", "unpaired surrogate"}),
  [](const auto& row) { return std::string{row.param.name}; });

TEST(json_reader, same_key_in_different_objects_is_fine) {
  EXPECT_EQ(refusal(R"({"a":{"a":[{"a":1},{"a":2}]}})"), "");
}

TEST(json_reader, skips_a_leading_byte_order_mark) {
  EXPECT_EQ(text_at_a("\xef\xbb\xbf{\"a\":\"b\"}"), "b");
}

TEST(json_reader, keeps_surrogate_pairs_and_replaces_lone_ones) {
  EXPECT_EQ(text_at_a(R"({"a":"\ud83d\ude00 \uD83D\uDE00"})"), "\U0001f600 \U0001f600");
  EXPECT_EQ(text_at_a(R"({"a":"cut \ud83d"})"), "cut \ufffd");
  EXPECT_EQ(text_at_a(R"({"a":"\ude00 late"})"), "\ufffd late");
  EXPECT_EQ(text_at_a(R"({"a":"\ud83d\ud83d\ude00"})"), "\ufffd\U0001f600");
  EXPECT_EQ(text_at_a(R"({"a":"\ud83d\n\u0041\ud83dx"})"), "\ufffd\nA\ufffdx");
  EXPECT_EQ(text_at_a(R"({"a":"\ude00\ud83d"})"), "\ufffd\ufffd");
}

TEST(json_reader, an_escaped_backslash_before_u_is_no_escape) {
  EXPECT_EQ(text_at_a(R"({"a":"\\ud800"})"), R"(\ud800)");
  EXPECT_EQ(text_at_a(R"({"a":"\\\ud800\""})"), "\\\ufffd\"");
}

TEST(json_reader, a_replaced_surrogate_in_a_value_does_not_taint_the_next_key) {
  EXPECT_EQ(refusal(R"({"a":"\ud800","b":1})"), "");
}

TEST(json_reader, depth_is_limited) {
  const limits three{.depth = 3, .values = 100};
  EXPECT_EQ(refusal(R"([{"a":[1]}])", three), "");
  EXPECT_THAT(refusal(R"([{"a":[[]]}])", three), HasSubstr("deeper than 3 levels at byte 7"));
  EXPECT_EQ(refusal(R"({"a":"[[[[[["})", three), "") << "brackets in strings don't nest";
  EXPECT_EQ(refusal("[[],[],[],{\"a\":[]}]", three), "") << "siblings don't nest";
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("deeper than 64"));
}

TEST(json_reader, the_number_of_values_is_limited_and_keys_are_free) {
  const limits five{.depth = 8, .values = 5};
  EXPECT_EQ(refusal(R"({"a":1,"b":"x","c":[null]})", five), "");
  EXPECT_EQ(refusal(R"(  [ 1 , -2.5e3 , "\"," , { } ]  )", five), "");
  EXPECT_THAT(refusal(R"([1,2,3,4,5])", five), HasSubstr("more than 5 values"));
  EXPECT_THAT(refusal(R"({"a":1,"b":2,"c":3,"d":4,"e":true})", five), HasSubstr("more than 5"));
}

TEST(json_reader, stray_colons_buy_no_values) {
  const limits five{.depth = 8, .values = 5};
  EXPECT_THAT(refusal(R"([1:::::,2,3,4,5,6])", five), HasSubstr("more than 5 values"));
}

TEST(json_reader, punctuation_without_values_is_limited) {
  EXPECT_THAT(refusal(std::string(1'000'000, ',')), HasSubstr("more than 100000 values"));
  const limits five{.depth = 8, .values = 5};
  EXPECT_EQ(refusal(R"({"a":{"b":{"c":{}}},"d":{}})", five), "");
}

TEST(json_reader, works_again_after_a_refusal_and_after_large_documents) {
  reader parser{{}};
  std::string bad = "{";
  EXPECT_FALSE(parser.parse(bad));
  std::string large = "[\"" + std::string(3 << 20, 'x') + "\"]";
  EXPECT_TRUE(parser.parse(large));
  parser.trim();
  std::string small = "[1,2]";
  const auto root = parser.parse(small);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->at(1).get_int64().value_unsafe(), 2);
}

TEST(json_reader, every_prefix_of_a_document_is_refused) {
  const auto whole = R"({"a":[1.5e-3,true,null,"\u00e9\ud83d\ude00\\"],"b":{"c":"d"}})"s;
  EXPECT_EQ(refusal(whole), "");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    auto text = whole.substr(0, length);
    text.shrink_to_fit(); // so that the sanitizer sees reads past the end
    EXPECT_NE(refusal(text), "") << text;
  }
}

} // namespace
} // namespace ccapi::json
