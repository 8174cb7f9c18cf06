// Which answers are kept, and which have to go.

#include "domain/cache/answer_shelf.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;
using pointer = answer_shelf::pointer;

class shelf_test : public testing::Test {
protected:
  pointer make(std::uint64_t number, std::size_t text_bytes = 10) {
    cached_answer said;
    said.text = std::string(text_bytes, 'x');
    return std::make_shared<const cache_entry>(hash128{number, number}, std::to_string(number),
                                               std::move(said), now);
  }
  bool keep(const pointer& entry) {
    gone.clear();
    return shelf.keep(entry, now, gone);
  }
  std::vector<std::uint64_t> gone_numbers() const {
    std::vector<std::uint64_t> found;
    for (const auto& each : gone)
      found.push_back(each->hash.low);
    return found;
  }

  using numbers = std::vector<std::uint64_t>;
  steady_time now{1h};
  answer_shelf::limits within{
    .entries_max = 3, .bytes_max = 1 << 20, .entry_bytes_max = 1 << 16, .age_max = 60s};
  answer_shelf shelf{within};
  std::vector<pointer> gone;
};

TEST_F(shelf_test, the_least_recently_used_one_goes) {
  const auto first = make(1);
  keep(first);
  keep(make(2));
  keep(make(3));
  EXPECT_TRUE(shelf.touch(*first));
  EXPECT_TRUE(keep(make(4)));
  EXPECT_EQ(gone_numbers(), numbers{2});
  keep(make(5));
  EXPECT_EQ(gone_numbers(), numbers{3});
  EXPECT_EQ(shelf.size(), 3U);
  EXPECT_EQ(shelf.evictions(), 2U);
}

TEST_F(shelf_test, what_other_threads_use_gets_another_round_each_time) {
  const auto first = make(1);
  keep(first);
  keep(make(2));
  keep(make(3));
  first->used = true;
  keep(make(4));
  EXPECT_EQ(gone_numbers(), numbers{2});
  keep(make(5));
  keep(make(6));
  EXPECT_EQ(gone_numbers(), numbers{1}) << "it has not been used since";
}

TEST_F(shelf_test, bytes_are_bounded) {
  within.bytes_max = 3 * make(10, 1000)->bytes();
  within.entries_max = 100;
  shelf.set_limits(within, now, gone);
  for (std::uint64_t number = 1; number <= 10; ++number) {
    EXPECT_TRUE(keep(make(number, 1000)));
    EXPECT_LE(shelf.bytes(), within.bytes_max);
  }
  EXPECT_EQ(shelf.size(), 3U);
  EXPECT_TRUE(keep(make(11, 2500)));
  EXPECT_EQ(gone_numbers(), (numbers{8, 9})) << "as many as it takes";
  shelf.clear(gone);
  EXPECT_EQ(shelf.bytes(), 0U);
  EXPECT_EQ(shelf.size(), 0U);
}

TEST_F(shelf_test, a_large_one_is_not_kept_and_nothing_goes_for_it) {
  keep(make(1));
  EXPECT_FALSE(keep(make(2, within.entry_bytes_max)));
  EXPECT_TRUE(gone.empty());
  EXPECT_EQ(shelf.size(), 1U);
}

TEST_F(shelf_test, a_new_one_takes_the_place_of_the_old_one) {
  const auto old = make(1, 500);
  keep(old);
  const auto bytes = shelf.bytes();
  const auto fresh = make(1, 500);
  EXPECT_TRUE(keep(fresh));
  EXPECT_EQ(gone, std::vector{old});
  EXPECT_EQ(shelf.bytes(), bytes);
  EXPECT_FALSE(shelf.touch(*old));
  EXPECT_TRUE(shelf.touch(*fresh));
  EXPECT_EQ(shelf.evictions(), 0U);
}

TEST_F(shelf_test, what_is_too_old_goes) {
  const auto old = make(1);
  keep(old);
  now += 30s;
  keep(make(2));
  shelf.touch(*old);
  now += 30s;
  gone.clear();
  shelf.expire(now, gone);
  EXPECT_TRUE(gone.empty()) << "a minute is not too old";
  now += 1ms;
  keep(make(3));
  EXPECT_EQ(gone_numbers(), numbers{1});
  EXPECT_EQ(shelf.evictions(), 0U) << "it did not have to make room";
}

TEST_F(shelf_test, smaller_limits_hold_at_once) {
  for (std::uint64_t number = 1; number <= 3; ++number)
    keep(make(number));
  within.entries_max = 1;
  gone.clear();
  shelf.set_limits(within, now, gone);
  EXPECT_EQ(gone_numbers(), (numbers{1, 2}));
  within.age_max = 1s;
  now += 2s;
  gone.clear();
  shelf.set_limits(within, now, gone);
  EXPECT_EQ(gone_numbers(), numbers{3});
}

TEST_F(shelf_test, a_call_takes_the_same_time_however_many_are_kept) {
  // Two hundred thousand answers in: with a walk over the list per call this would not come to an
  // end.
  within.entries_max = 100'000;
  within.bytes_max = std::size_t{1} << 30;
  shelf.set_limits(within, now, gone);
  std::vector<pointer> made;
  for (std::uint64_t number = 0; number < 200'000; ++number) {
    made.push_back(make(number));
    ASSERT_TRUE(keep(made.back()));
    ASSERT_TRUE(shelf.touch(*made[number - number % 40'000 % 30'000]));
  }
  EXPECT_EQ(shelf.size(), 100'000U);
}

TEST_F(shelf_test, a_table_finds_by_the_whole_key_and_age) {
  cache_table table;
  const auto entry = make(1);
  table.add(entry);
  const auto found = [&](std::string_view key, std::chrono::seconds age_max) {
    return table.find(entry->hash, key, now, age_max) != nullptr;
  };
  EXPECT_TRUE(found("1", 0s));
  EXPECT_FALSE(found("2", 60s)) << "a hash is not enough";
  now += 10s;
  EXPECT_TRUE(found("1", 10s));
  EXPECT_FALSE(found("1", 9s));
  const auto fresh = make(1);
  table.add(fresh);
  table.drop(*entry);
  EXPECT_TRUE(found("1", 0s)) << "only the old one is dropped";
  table.drop(*fresh);
  EXPECT_EQ(table.size(), 0U);
}

} // namespace
} // namespace ccapi::domain
