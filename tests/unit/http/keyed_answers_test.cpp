#include "http/answers/keyed_answers.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ccapi::http {
namespace {

using namespace std::chrono_literals;
using state = keyed_answers::state;

const keyed_answers::time_point start{};

std::shared_ptr<keyed_run> no_run() {
  return {};
}

std::shared_ptr<const answer_log> answer(std::string_view body = "x") {
  const auto log = std::make_shared<answer_log>();
  log->begin(std::make_shared<const logged_head>(response_head{}, false));
  log->append(body, stream_piece::last);
  return log;
}

TEST(keyed_answers, a_name_is_fresh_once_then_in_work_then_answered) {
  keyed_answers all{{}};
  EXPECT_EQ(all.claim("a", "f", no_run, start).is, state::fresh);
  EXPECT_EQ(all.claim("a", "f", no_run, start).is, state::in_work);
  EXPECT_EQ(all.claim("a", "g", no_run, start).is, state::unsure) << "it is being looked up";
  all.found_new("a");
  EXPECT_EQ(all.claim("a", "g", no_run, start).is, state::other_request);
  EXPECT_EQ(all.claim("b", "g", no_run, start).is, state::fresh);
  const auto said = answer();
  all.keep("a", said, start);
  const auto found = all.claim("a", "f", no_run, start);
  EXPECT_EQ(found.is, state::answered);
  EXPECT_EQ(found.answer, said);
  EXPECT_EQ(all.claim("a", "g", no_run, start).is, state::other_request);
  all.drop("b");
  EXPECT_EQ(all.claim("b", "h", no_run, start).is, state::fresh);
}

TEST(keyed_answers, answers_get_old_from_their_end_on_and_work_does_not) {
  keyed_answers all{{.age_max = 10s}};
  all.claim("a", "f", no_run, start);
  all.claim("b", "f", no_run, start);
  all.keep("a", answer(), start + 5s);
  EXPECT_EQ(all.claim("a", "f", no_run, start + 15s).is, state::answered);
  EXPECT_EQ(all.claim("a", "g", no_run, start + 16s).is, state::fresh);
  EXPECT_EQ(all.claim("b", "f", no_run, start + 1h).is, state::in_work);
}

TEST(keyed_answers, an_answer_of_long_ago_gets_old_behind_newer_ones) {
  keyed_answers all{{.age_max = 10s}};
  for (const auto* name : {"new", "old"})
    all.claim(name, "f", no_run, start + 20s);
  all.keep("new", answer(), start + 20s);
  all.keep("old", answer(), start + 12s);
  EXPECT_EQ(all.claim("old", "f", no_run, start + 22s).is, state::answered);
  EXPECT_EQ(all.claim("old", "f", no_run, start + 23s).is, state::fresh);
  EXPECT_EQ(all.claim("new", "f", no_run, start + 23s).is, state::answered);
}

TEST(keyed_answers, memory_is_bounded_and_the_oldest_answer_goes_first) {
  keyed_answers all{{.bytes_max = 64 << 10}};
  for (const auto* name : {"a", "b", "c"}) {
    ASSERT_EQ(all.claim(name, "f", no_run, start).is, state::fresh);
    ASSERT_TRUE(all.charge(name, 25 << 10)) << name;
    all.keep(name, answer(), start);
    EXPECT_LE(all.bytes(), std::size_t{64} << 10);
  }
  EXPECT_EQ(all.claim("a", "f", no_run, start).is, state::fresh) << "it had to go";
  EXPECT_EQ(all.claim("b", "f", no_run, start).is, state::answered);
  EXPECT_EQ(all.claim("c", "f", no_run, start).is, state::answered);
}

TEST(keyed_answers, what_is_in_work_never_goes) {
  keyed_answers all{{.bytes_max = 64 << 10}};
  ASSERT_EQ(all.claim("a", "f", no_run, start).is, state::fresh);
  ASSERT_TRUE(all.charge("a", 60 << 10));
  ASSERT_EQ(all.claim("b", "f", no_run, start).is, state::fresh);
  EXPECT_FALSE(all.charge("b", 10 << 10));
  EXPECT_FALSE(all.charge("c", 1)) << "unknown";
  for (int more = 0; more < 3; ++more)
    all.claim("more" + std::to_string(more), "f", no_run, start);
  EXPECT_EQ(all.claim("last", "f", no_run, start).is, state::no_room);
  EXPECT_TRUE(all.charge("a", 1 << 10)) << "less is always possible";
  EXPECT_EQ(all.claim("last", "f", no_run, start).is, state::fresh);
  for (const auto* name : {"a", "b", "last", "more0", "more1", "more2"})
    all.drop(name);
  EXPECT_EQ(all.bytes(), 0U);
}

TEST(keyed_answers, nothing_goes_for_what_does_not_fit_anyway) {
  keyed_answers all{{.bytes_max = 64 << 10}};
  all.claim("kept", "f", no_run, start);
  all.keep("kept", answer(), start);
  all.claim("long", "f", no_run, start);
  EXPECT_FALSE(all.charge("long", 70 << 10));
  EXPECT_EQ(all.claim("kept", "f", no_run, start).is, state::answered);
}

TEST(keyed_answers, a_lower_limit_counts_at_once) {
  keyed_answers all{{}};
  all.claim("a", "f", no_run, start);
  ASSERT_TRUE(all.charge("a", 1 << 20));
  all.keep("a", answer(), start);
  all.set({.bytes_max = 64 << 10, .grace = 3s});
  EXPECT_EQ(all.bytes(), 0U);
  EXPECT_EQ(all.grace(), 3s);
}

} // namespace
} // namespace ccapi::http
