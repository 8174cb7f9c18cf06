#include "json/utf8.hpp"
#include "json/writer.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>

namespace ccapi::json {
namespace {

using namespace std::string_view_literals;

std::string written(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

/// What an independent parser makes of the written token.
std::string read_back(std::string_view token) {
  boost::json::error_code failed;
  const auto value = boost::json::parse({token.data(), token.size()}, failed);
  EXPECT_FALSE(failed) << failed.message() << ": " << token;
  if (failed || !value.is_string())
    return {};
  return {value.get_string().data(), value.get_string().size()};
}

TEST(json_writer, escapes_only_what_json_demands) {
  EXPECT_EQ(written(""), R"("")");
  EXPECT_EQ(written("plain / text \x7f \u00e9 \U0001f600"),
            "\"plain / text \x7f \u00e9 \U0001f600\"");
  EXPECT_EQ(written("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
  EXPECT_EQ(written("\0\x01\x1f"sv), R"("\u0000\u0001\u001f")");
  EXPECT_EQ(written("a\nb\nc"), R"("a\nb\nc")");
}

TEST(json_writer, appends_to_what_is_there) {
  std::string out = "x:";
  append_string(out, "y");
  EXPECT_EQ(out, R"(x:"y")");
}

TEST(json_writer, ill_formed_utf8_becomes_replacement_characters) {
  EXPECT_EQ(written("a\xff\"b"), "\"a\ufffd\\\"b\"");
  EXPECT_EQ(written("cut \xf0\x9f\x98"), "\"cut \ufffd\"");
}

TEST(json_writer, empty_text_can_be_null) {
  std::string out;
  append_string_or_null(out, "");
  append_string_or_null(out, "x");
  EXPECT_EQ(out, R"(null"x")");
}

TEST(json_writer, json_loses_white_space_between_tokens_and_nothing_else) {
  const auto packed = [](std::string_view text) {
    std::string out;
    append_json(out, text);
    return out;
  };
  EXPECT_EQ(packed("{\n \"a b\" :\t[ 1.10 , \"\\\" \\\\\" ]\r\n}\n"), R"({"a b":[1.10,"\" \\"]})");
  EXPECT_EQ(packed("  "), "");
  EXPECT_EQ(packed(R"("x)"), R"("x)"); // not JSON: kept as it is
}

TEST(json_writer, writes_the_borders_of_integers) {
  std::string out;
  append_integer(out, std::numeric_limits<std::int64_t>::min());
  out += ' ';
  append_integer(out, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(out, "-9223372036854775808 18446744073709551615");
}

TEST(json_writer, any_bytes_come_out_as_json_that_reads_back) {
  std::mt19937 random{20240607};
  std::uniform_int_distribution<int> byte{0, 255};
  std::uniform_int_distribution<std::size_t> length{0, 80};
  for (int round = 0; round < 3000; ++round) {
    std::string text(length(random), '\0');
    for (auto& c : text)
      c = static_cast<char>(byte(random));
    ASSERT_EQ(read_back(written(text)), repaired(text));
  }
}

TEST(json_writer, well_formed_text_reads_back_unchanged) {
  std::mt19937 random{4711};
  constexpr std::string_view pieces[] = {"a",      "\"",     "\\",     "\n",         "\0"sv, "\x1f",
                                         "\u00fc", "\u20ac", "\u2028", "\U0001f600", "\\u"};
  std::uniform_int_distribution<std::size_t> pick{0, std::size(pieces) - 1};
  std::uniform_int_distribution<int> length{0, 60};
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (int left = length(random); left > 0; --left)
      text += pieces[pick(random)];
    ASSERT_EQ(read_back(written(text)), text);
  }
}

TEST(append_millionths, writes_all_six_digits) {
  const auto written = [](std::int64_t millionths) {
    std::string out;
    append_millionths(out, millionths);
    return out;
  };
  EXPECT_EQ(written(0), "0.000000");
  EXPECT_EQ(written(1309), "0.001309");
  EXPECT_EQ(written(12'000'001), "12.000001");
  EXPECT_EQ(written(-5), "0.000000");
}

} // namespace
} // namespace ccapi::json
