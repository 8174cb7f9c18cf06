#include "json/utf8.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ccapi::json {
namespace {

using namespace std::string_view_literals;

struct repair_case {
  std::string_view name;
  std::string_view input;
  std::size_t first_invalid;
  std::string_view repaired;
};

class utf8_repair : public testing::TestWithParam<repair_case> {};

TEST_P(utf8_repair, replaces_each_maximal_ill_formed_subpart_once) {
  const auto& row = GetParam();
  EXPECT_EQ(first_invalid(row.input), row.first_invalid);
  EXPECT_EQ(repaired(row.input), row.repaired);
  EXPECT_EQ(is_valid(row.input), row.first_invalid == row.input.size());
  EXPECT_TRUE(is_valid(repaired(row.input)));
}

// The first rows are the examples of the Unicode standard, tables 3-8 to 3-11.
INSTANTIATE_TEST_SUITE_P(
  table, utf8_repair,
  testing::Values(repair_case{"non_shortest", "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41"sv, 0,
                              "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\x41"sv},
                  repair_case{"surrogates", "\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41"sv, 0,
                              "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\x41"sv},
                  repair_case{"out_of_range", "\xf4\x91\x92\x93\xff\x41\x80\xbf\x42"sv, 0,
                              "\ufffd\ufffd\ufffd\ufffd\ufffd\x41\ufffd\ufffd\x42"sv},
                  repair_case{"truncated", "\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"sv, 0,
                              "\ufffd\ufffd\ufffd\ufffd\x41"sv},
                  repair_case{"truncated_at_the_end", "ab\xf0\x9f\x98"sv, 2, "ab\ufffd"sv},
                  repair_case{"empty", ""sv, 0, ""sv},
                  repair_case{"ascii_with_nul", "a\0b"sv, 3, "a\0b"sv},
                  repair_case{"borders_of_all_lengths",
                              "\x7f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000"
                              "\U0010ffff"sv,
                              25,
                              "\x7f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff"sv}),
  [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace ccapi::json
