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

TEST(answer_log, gives_what_was_said_from_any_place_on) {
  answer_log log;
  EXPECT_FALSE(log.head());
  log.begin(std::make_shared<const logged_head>(
    response_head{.status = 200, .content_type = "a/b", .extra = "x: y\r\n"}, true));
  log.append("Hello ", stream_piece::middle);
  log.append("world", stream_piece::middle);
  log.append("", stream_piece::middle);
  EXPECT_EQ(log.from(0), "Hello world");
  EXPECT_EQ(log.from(6), "world");
  EXPECT_EQ(log.from(11), "");
  EXPECT_EQ(log.from(99), "");
  EXPECT_EQ(log.size(), 11U);
  EXPECT_FALSE(log.over());
  log.append("!", stream_piece::last);
  EXPECT_TRUE(log.over());
  EXPECT_TRUE(log.can_be_repeated());
  EXPECT_EQ(log.head()->fields, "x: y\r\n");
}

TEST(answer_log, what_all_have_been_told_gives_its_memory_back) {
  answer_log log;
  log.begin(std::make_shared<const logged_head>(response_head{}, true));
  std::string said;
  for (char c = 'a'; c <= 'z'; ++c) {
    const std::string piece(3000, c);
    EXPECT_GE(log.bytes_with(piece.size()), said.size() + piece.size());
    log.append(piece, stream_piece::middle);
    said += piece;
  }
  const auto rest_of = [&](std::size_t position) {
    std::string all;
    for (auto at = position; at < log.size(); at += log.from(at).size())
      all += log.from(at);
    return all;
  };
  for (const auto position :
       {std::size_t{0}, std::size_t{2999}, std::size_t{3000}, said.size() - 1})
    EXPECT_EQ(rest_of(position), said.substr(position)) << position;
  const auto before = log.bytes_with(0);
  log.forget_until(said.size() / 2);
  log.forget_until(5);
  EXPECT_FALSE(log.is_whole());
  EXPECT_LT(log.bytes_with(0), before * 6 / 10);
  EXPECT_EQ(rest_of(said.size() / 2), said.substr(said.size() / 2));
  log.append("", stream_piece::last);
  EXPECT_FALSE(log.can_be_repeated()) << "its beginning is gone";
}

TEST(answer_log, what_is_said_at_once_is_one_part) {
  answer_log log;
  log.begin(std::make_shared<const logged_head>(response_head{}, false));
  log.append(std::string(1 << 20, 'x'), stream_piece::last);
  EXPECT_EQ(log.from(0).size(), std::size_t{1} << 20);
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
