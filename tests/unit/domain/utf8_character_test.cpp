#include "domain/utf8_character.hpp"

#include <gtest/gtest.h>

// Which sequences are well-formed: tests/unit/json/utf8_test.cpp.

namespace ccapi::domain {
namespace {

TEST(utf8_character, is_read_at_the_borders_of_all_lengths) {
  constexpr char32_t codes[] = {0x0,    0x7f,   0x80,   0x7ff,   0x800,
                                0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};
  constexpr std::string_view texts[] = {
    {"\0", 1},      "\x7f",         "\xc2\x80",     "\xdf\xbf",         "\xe0\xa0\x80",
    "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
  for (std::size_t i = 0; i < std::size(texts); ++i) {
    const auto found = first_character(std::string{texts[i]} + "x");
    EXPECT_TRUE(found.valid) << i;
    EXPECT_EQ(found.code, codes[i]) << i;
    EXPECT_EQ(found.bytes, texts[i].size()) << i;
  }
}

TEST(utf8_character, tells_how_much_is_broken) {
  EXPECT_EQ(first_character("\xf0\x9f\x98").bytes, 3u) << "cut short";
  EXPECT_EQ(first_character("\xf0\x9f\x98z").bytes, 3u);
  EXPECT_EQ(first_character("\xed\xa0\x80").bytes, 1u) << "a surrogate";
  for (const auto* text : {"\x80", "\xc0\xaf", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(first_character(text).valid);
    EXPECT_EQ(first_character(text).bytes, 1u);
  }
}

} // namespace
} // namespace ccapi::domain
