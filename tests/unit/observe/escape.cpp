#include "observe/escape.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ccapi::observe {
namespace {

std::string escaped(std::string_view text, std::size_t bytes_max = 512) {
  std::string out;
  append_escaped(out, text, bytes_max);
  return out;
}

TEST(append_escaped, leaves_readable_text_of_any_language_alone) {
  const std::string text = "plain ASCII ~ Grüße 日本語 🙂";
  EXPECT_EQ(escaped(text), text);
}

TEST(append_escaped, writes_quotes_backslashes_and_controls_as_json_escapes) {
  EXPECT_EQ(escaped("a\"b\\c\n\r\t\x01\x7f"), "a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f");
  EXPECT_EQ(escaped(std::string_view{"\0", 1}), "\\u0000");
}

TEST(append_escaped, disarms_line_separators_bidi_and_invisible_characters) {
  EXPECT_EQ(escaped("\u2028\u2029"), "\\u2028\\u2029");
  EXPECT_EQ(escaped("\u202e\u2066\u061c"), "\\u202e\\u2066\\u061c");
  EXPECT_EQ(escaped("\u200b\ufeff\u0085"), "\\u200b\\ufeff\\u0085");
}

TEST(append_escaped, replaces_bytes_that_are_no_utf8) {
  EXPECT_EQ(escaped("a\xff"
                    "b"),
            "a\ufffdb");
  EXPECT_EQ(escaped("\xc0\xaf"), "\ufffd\ufffd");                // overlong
  EXPECT_EQ(escaped("\xe0\x80\x80"), "\ufffd\ufffd\ufffd");      // overlong
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\ufffd\ufffd\ufffd");      // surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80").substr(0, 3), "\ufffd"); // above U+10FFFF
  EXPECT_EQ(escaped("\xe6\x97"), "\ufffd\ufffd");                // cut short
}

TEST(append_escaped, cuts_between_characters_and_says_so) {
  EXPECT_EQ(escaped("abcdef", 6), "abcdef");
  EXPECT_EQ(escaped("abcdefg", 6), "abcdef\u2026");
  EXPECT_EQ(escaped("日本語", 7), "日本\u2026");
}

} // namespace
} // namespace ccapi::observe
