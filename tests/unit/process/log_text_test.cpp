#include "process/log_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ccapi::process {
namespace {

TEST(log_text, leaves_ordinary_text_alone) {
  EXPECT_EQ(log_text("Error: no such file \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 C:\\x"),
            "Error: no such file \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 C:\\x");
}

TEST(log_text, control_characters_can_not_forge_lines_or_colours) {
  EXPECT_EQ(log_text("a\nb\r\tc\x1b[31m\x7f"), "a\\nb\\x0d\\tc\\x1b[31m\\x7f");
  EXPECT_EQ(log_text(std::string_view{"nul\0", 4}), "nul\\x00");
  EXPECT_EQ(log_text("\xc2\x9b \xe2\x80\xa8 \xe2\x80\xae \xef\xbb\xbf"),
            "\\u{9b} \\u{2028} \\u{202e} \\u{feff}");
}

TEST(log_text, bytes_that_are_no_utf8_are_shown_as_numbers) {
  EXPECT_EQ(log_text("\xff \xc0\x80 \xe2\x82"), "\\xff \\xc0\\x80 \\xe2\\x82");
  EXPECT_EQ(log_text("\xed\xa0\x80"), "\\xed\\xa0\\x80");          // a surrogate
  EXPECT_EQ(log_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80"); // beyond U+10FFFF
  EXPECT_EQ(log_text("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");          // overlong
}

TEST(log_text, credentials_are_masked) {
  EXPECT_EQ(log_text("key sk-ant-api03-Ab_c-9== rejected"), "key sk-ant-*** rejected");
  EXPECT_EQ(log_text("authorization: bearer eyJhbGci.OiJ/9+x"), "authorization: bearer ***");
  EXPECT_EQ(log_text(R"({"Authorization":"Bearer abc"})"), R"({"Authorization":"Bearer ***"})");
  EXPECT_EQ(log_text(R"("x-api-key": "abc", "b")"), R"("x-api-key": "***", "b")");
  EXPECT_EQ(log_text("sk-ant-a sk-ant-b"), "sk-ant-*** sk-ant-***");
  EXPECT_EQ(log_text("a bearer, bearers"), "a bearer, bearers");
}

} // namespace
} // namespace ccapi::process
