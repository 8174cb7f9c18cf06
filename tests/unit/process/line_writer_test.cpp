#include "process/line_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace ccapi::process {
namespace {

/// Everything that waits, taken in pieces of at most `piece` bytes.
std::string drain(line_writer& writer, std::size_t piece) {
  std::string all;
  while (!writer.empty()) {
    const auto bytes = writer.front();
    const auto size = std::min(piece, bytes.size());
    all.append(bytes.data(), size);
    writer.consume(size);
  }
  return all;
}

TEST(line_writer, gives_lines_in_order_however_little_the_pipe_takes) {
  for (const std::size_t piece : {1U, 2U, 3U, 100U}) {
    line_writer writer{100};
    EXPECT_TRUE(writer.push("one"));
    EXPECT_TRUE(writer.push(""));
    EXPECT_TRUE(writer.push("three"));
    EXPECT_EQ(writer.pending(), 11U);
    EXPECT_EQ(drain(writer, piece), "one\n\nthree\n");
    EXPECT_EQ(writer.pending(), 0U);
    EXPECT_TRUE(writer.front().empty());
  }
}

TEST(line_writer, refuses_what_does_not_fit_and_keeps_the_rest_intact) {
  line_writer writer{10};
  EXPECT_TRUE(writer.push("12345"));
  EXPECT_FALSE(writer.push("6789")); // with its line end one byte too many
  EXPECT_TRUE(writer.push("678"));
  EXPECT_FALSE(writer.push(""));
  writer.consume(1);
  EXPECT_TRUE(writer.push(""));
  EXPECT_EQ(drain(writer, 100), "2345\n678\n\n");
}

TEST(line_writer, takes_no_line_at_all_without_room) {
  line_writer writer{0};
  EXPECT_FALSE(writer.push(""));
  EXPECT_TRUE(writer.empty());
}

TEST(line_writer, consumes_over_several_lines) {
  line_writer writer{100};
  ASSERT_TRUE(writer.push("one"));
  ASSERT_TRUE(writer.push("two"));
  writer.consume(6);
  EXPECT_EQ(drain(writer, 100), "o\n");
}

} // namespace
} // namespace ccapi::process
