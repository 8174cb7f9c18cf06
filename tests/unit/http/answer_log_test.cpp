#include "http/answers/answer_log.hpp"

#include <gtest/gtest.h>

namespace ccapi::http {
namespace {

answer_log ended(unsigned status, stream_piece piece = stream_piece::last) {
  answer_log log;
  log.begin(std::make_shared<const logged_head>(response_head{.status = status}, false));
  log.append("body", piece);
  return log;
}

TEST(answer_log, counts_from_the_first_byte_also_of_what_is_forgotten) {
  answer_log log;
  EXPECT_FALSE(log.head());
  log.begin(std::make_shared<const logged_head>(
    response_head{.status = 200, .content_type = "a/b", .extra = "x: y\r\n"}, true));
  log.append("Hello ", stream_piece::middle);
  log.append("world", stream_piece::middle);
  EXPECT_EQ(log.from(0), "Hello world");
  EXPECT_EQ(log.from(6), "world");
  EXPECT_EQ(log.from(11), "");
  EXPECT_EQ(log.from(99), "");
  log.forget_until(6);
  log.forget_until(3);
  EXPECT_FALSE(log.is_whole());
  EXPECT_EQ(log.size(), 11U);
  EXPECT_EQ(log.from(8), "rld");
  EXPECT_FALSE(log.over());
  log.append("!", stream_piece::last);
  EXPECT_TRUE(log.over());
  EXPECT_FALSE(log.can_be_repeated()) << "its beginning is gone";
  EXPECT_EQ(log.head()->fields, "x: y\r\n");
}

TEST(answer_log, what_depends_on_more_than_the_request_is_not_repeated) {
  for (const auto status : {200U, 201U, 400U, 404U, 413U, 422U})
    EXPECT_TRUE(ended(status).can_be_repeated()) << status;
  for (const auto status : {301U, 401U, 403U, 408U, 409U, 425U, 429U, 500U, 502U, 503U, 504U})
    EXPECT_FALSE(ended(status).can_be_repeated()) << status;
  EXPECT_FALSE(ended(200, stream_piece::cut).can_be_repeated());
  EXPECT_FALSE(ended(200, stream_piece::middle).can_be_repeated());
}

} // namespace
} // namespace ccapi::http
