#include "process/line_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace ccapi::process {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Puts `bytes` in, in pieces of at most `piece`, and gives the lines that came out.
std::vector<std::string> feed(line_reader& reader, std::string_view bytes,
                              std::size_t piece = std::string::npos) {
  std::vector<std::string> lines;
  while (!bytes.empty()) {
    const auto space = reader.writable();
    EXPECT_GE(space.size(), 4096U);
    const auto size = std::min({space.size(), bytes.size(), piece});
    std::copy_n(bytes.data(), size, space.data());
    reader.commit(size);
    bytes.remove_prefix(size);
    while (const auto line = reader.next_line())
      lines.emplace_back(*line);
  }
  return lines;
}

TEST(line_reader, gives_the_same_lines_wherever_the_reads_split_them) {
  const std::string bytes = "one\n\ntwo\r\n\r\nth\rree\n\xe2\x82\xac\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    line_reader reader{100};
    auto lines = feed(reader, bytes.substr(0, cut));
    const auto rest = feed(reader, bytes.substr(cut));
    lines.insert(lines.end(), rest.begin(), rest.end());
    EXPECT_THAT(lines, ElementsAre("one", "", "two", "", "th\rree", "\xe2\x82\xac")) << cut;
  }
}

TEST(line_reader, joins_lines_that_come_byte_by_byte) {
  line_reader reader{100};
  EXPECT_THAT(feed(reader, "a\r\nbc\n\nd", 1), ElementsAre("a", "bc", ""));
  EXPECT_EQ(reader.pending(), 1U);
}

TEST(line_reader, keeps_an_unfinished_line_to_itself) {
  line_reader reader{100};
  EXPECT_THAT(feed(reader, "unfinished"), IsEmpty());
  EXPECT_EQ(reader.pending(), 10U);
  EXPECT_THAT(feed(reader, " no more\n"), ElementsAre("unfinished no more"));
  EXPECT_EQ(reader.pending(), 0U);
}

TEST(line_reader, reads_giant_lines_and_shrinks_afterwards) {
  constexpr std::size_t giant = 5 << 20;
  line_reader reader{8 << 20};
  const std::string bytes = std::string(giant, 'x') + "\nsmall\n";
  const auto lines = feed(reader, bytes);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].size(), giant);
  EXPECT_EQ(lines[1], "small");
  EXPECT_GT(reader.capacity(), giant);
  feed(reader, "next\n");
  EXPECT_LE(reader.capacity(), 16U << 10);
}

TEST(line_reader, accepts_a_line_of_exactly_the_limit) {
  for (const char* line_end : {"\n", "\r\n"}) {
    for (const std::size_t piece : {std::string::npos, std::size_t{1}}) {
      line_reader reader{50};
      EXPECT_THAT(feed(reader, std::string(50, 'x') + line_end, piece),
                  ElementsAre(std::string(50, 'x')));
      EXPECT_FALSE(reader.overflowed());
    }
  }
}

TEST(line_reader, overflows_for_good_at_one_byte_more) {
  for (const std::size_t piece : {std::string::npos, std::size_t{1}}) {
    line_reader reader{50};
    EXPECT_THAT(feed(reader, "good\n" + std::string(51, 'x') + "\nlater\n", piece),
                ElementsAre("good"));
    EXPECT_TRUE(reader.overflowed());
    EXPECT_THAT(feed(reader, "still\n"), IsEmpty());
    EXPECT_TRUE(reader.overflowed());
  }
}

TEST(line_reader, memory_stays_bounded_by_the_limit_without_any_line_end) {
  constexpr std::size_t limit = 1 << 20;
  line_reader reader{limit};
  const std::string chunk(64 << 10, 'x');
  std::size_t largest = 0;
  for (int round = 0; round < 100; ++round) {
    feed(reader, chunk);
    largest = std::max(largest, reader.capacity());
  }
  EXPECT_TRUE(reader.overflowed());
  EXPECT_LE(largest, limit + (256 << 10));
}

TEST(line_reader, memory_stays_bounded_when_nobody_takes_the_lines) {
  line_reader reader{1000};
  for (int round = 0; round < 1000; ++round) {
    const auto space = reader.writable();
    ASSERT_GE(space.size(), 4096U);
    std::fill(space.begin(), space.end(), '\n');
    reader.commit(space.size());
    ASSERT_LE(reader.capacity(), 256U << 10);
  }
  EXPECT_TRUE(reader.overflowed());
}

TEST(line_reader, idle_reader_costs_one_small_buffer) {
  line_reader reader{16 << 20};
  EXPECT_EQ(reader.capacity(), 0U);
  static_cast<void>(reader.writable());
  EXPECT_LE(reader.capacity(), (4U << 10) + line_reader::padding);
}

TEST(line_reader, offers_larger_reads_to_a_stream_that_fills_them) {
  line_reader reader{1 << 20};
  const std::string lines = [] {
    std::string text;
    for (int n = 0; n < 20'000; ++n)
      text += "0123456789\n";
    return text;
  }();
  EXPECT_EQ(feed(reader, lines).size(), 20'000U);
  EXPECT_GE(reader.writable().size(), 32U << 10);
}

TEST(line_reader, bytes_behind_every_line_are_readable) {
  line_reader reader{1 << 20};
  unsigned sum = 0; // reading beyond the buffer would trip the address sanitizer
  for (std::size_t size = 4000; size < 4200; ++size) {
    const std::string bytes = std::string(size, 'x') + '\n';
    const auto space = reader.writable();
    const auto first = std::min(space.size(), bytes.size());
    std::copy_n(bytes.data(), first, space.data());
    reader.commit(first);
    if (first < bytes.size()) {
      std::copy_n(bytes.data() + first, bytes.size() - first, reader.writable().data());
      reader.commit(bytes.size() - first);
    }
    const auto line = reader.next_line();
    ASSERT_TRUE(line);
    ASSERT_EQ(line->size(), size);
    for (std::size_t at = 0; at < line_reader::padding; ++at)
      sum += static_cast<unsigned char>(line->data()[line->size() + at]);
  }
  EXPECT_GT(sum, 0U);
}

} // namespace
} // namespace ccapi::process
