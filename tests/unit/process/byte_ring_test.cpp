#include "process/byte_ring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ccapi::process {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(byte_ring, gives_everything_while_it_fits) {
  byte_ring ring{100};
  EXPECT_EQ(ring.tail(50), "");
  ring.append("first\n");
  ring.append("second");
  EXPECT_EQ(ring.tail(50), "first\nsecond");
}

TEST(byte_ring, keeps_only_the_end_of_a_flood) {
  byte_ring ring{4096};
  std::string line;
  for (int n = 0; n < 10'000; ++n) {
    line = "line " + std::to_string(n) + '\n';
    ring.append(line);
    ASSERT_LE(ring.size(), 4096U);
  }
  EXPECT_EQ(ring.tail(20), "line 9998\nline 9999\n");
  // The oldest line lost its beginning and is left out.
  EXPECT_EQ(ring.tail(10'000).substr(0, 5), "line ");
}

TEST(byte_ring, same_end_in_whatever_pieces_it_came) {
  std::string bytes;
  for (int n = 0; n < 3000; ++n)
    bytes += "w" + std::to_string(n) + (n % 7 == 0 ? '\n' : ' ');
  byte_ring whole{5000};
  whole.append(bytes);
  for (const std::size_t piece : {1U, 7U, 4999U, 5000U, 5001U}) {
    byte_ring ring{5000};
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      ring.append(std::string_view{bytes}.substr(at, piece));
    EXPECT_EQ(ring.tail(5000), whole.tail(5000)) << piece;
  }
  EXPECT_THAT(whole.tail(5000), EndsWith("w2999 "));
}

TEST(byte_ring, never_shows_a_secret_wherever_the_ring_or_the_tail_cuts_it) {
  const std::string secret = "sk-ant-api03-SECRETSECRETSECRETSECRET";
  for (std::size_t behind = 1900; behind < 2100; ++behind) {
    byte_ring ring{2048};
    ring.append(std::string(3000, 'a') + "\nAuthorization: Bearer " + secret + "\nkey " + secret
                + ' ' + std::string(behind, '.') + '\n');
    for (const std::size_t length : {30U, 1000U, 2000U, 2047U, 5000U})
      ASSERT_THAT(ring.tail(length), Not(HasSubstr("SECRET"))) << behind << ' ' << length;
  }
  for (std::size_t length = 0; length < 60; ++length) {
    byte_ring ring{2048};
    ring.append("key " + secret + " end");
    ASSERT_THAT(ring.tail(length), Not(HasSubstr("SECRET"))) << length;
  }
}

TEST(byte_ring, tail_never_begins_within_a_character) {
  byte_ring ring{100};
  ring.append("a\xf0\x9f\x98\x80z");
  EXPECT_EQ(ring.tail(5), "\xf0\x9f\x98\x80z");
  for (const std::size_t length : {2U, 3U, 4U})
    EXPECT_EQ(ring.tail(length), "z");
}

TEST(byte_ring, ring_without_room_holds_nothing) {
  byte_ring ring{0};
  ring.append("text");
  EXPECT_EQ(ring.tail(10), "");
}

} // namespace
} // namespace ccapi::process
