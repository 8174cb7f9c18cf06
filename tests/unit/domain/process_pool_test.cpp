// Who gets a process slot, who waits, who has to go.

#include "domain/process_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using verdict = process_pool::verdict;

const steady_time start{};

process_pool pool_of(std::size_t processes, std::size_t queue) {
  return process_pool{{.processes_max = processes, .queue_max = queue, .queue_timeout = 30s}};
}

TEST(process_pool, spawns_up_to_the_cap_then_queues_then_refuses) {
  auto pool = pool_of(2, 1);
  EXPECT_EQ(pool.request(1, start), verdict::spawn);
  EXPECT_EQ(pool.request(2, start), verdict::spawn);
  EXPECT_EQ(pool.request(3, start), verdict::wait);
  EXPECT_EQ(pool.request(4, start), verdict::refuse);
  EXPECT_EQ(pool.live(), 2u);
  EXPECT_EQ(pool.waiting(), 1u);
}

TEST(process_pool, a_freed_slot_goes_to_the_one_that_waits_longest) {
  auto pool = pool_of(1, 8);
  (void)pool.request(1, start);
  (void)pool.request(2, start);
  (void)pool.request(3, start);
  EXPECT_EQ(pool.slot_freed(), 2u);
  EXPECT_EQ(pool.slot_freed(), 3u);
  EXPECT_EQ(pool.slot_freed(), std::nullopt);
  EXPECT_EQ(pool.live(), 0u);
}

TEST(process_pool, nobody_overtakes_those_who_wait) {
  auto pool = pool_of(1, 8);
  (void)pool.request(1, start);
  (void)pool.request(2, start);
  (void)pool.slot_freed(); // 2 runs
  (void)pool.request(3, start);
  EXPECT_EQ(pool.request(4, start), verdict::wait);
  EXPECT_EQ(pool.slot_freed(), 3u);
}

TEST(process_pool, a_withdrawn_waiter_gets_nothing) {
  auto pool = pool_of(1, 8);
  (void)pool.request(1, start);
  (void)pool.request(2, start);
  (void)pool.request(3, start);
  EXPECT_TRUE(pool.withdraw(2));
  EXPECT_FALSE(pool.withdraw(2));
  EXPECT_FALSE(pool.withdraw(1));
  EXPECT_EQ(pool.slot_freed(), 3u);
}

TEST(process_pool, waiters_expire_in_order_and_not_early) {
  auto pool = pool_of(1, 8);
  (void)pool.request(1, start);
  (void)pool.request(2, start);
  (void)pool.request(3, start + 10s);
  EXPECT_EQ(pool.next_deadline(), start + 30s);
  EXPECT_THAT(pool.expired(start + 29s), IsEmpty());
  EXPECT_THAT(pool.expired(start + 30s), ElementsAre(2));
  EXPECT_THAT(pool.expired(start + 40s), ElementsAre(3));
  EXPECT_EQ(pool.next_deadline(), std::nullopt);
}

TEST(process_pool, asks_for_one_retirement_per_waiter_and_no_more) {
  auto pool = pool_of(2, 8);
  (void)pool.request(1, start);
  (void)pool.request(2, start);
  EXPECT_EQ(pool.retirements_wanted(), 0u);
  (void)pool.request(3, start);
  EXPECT_EQ(pool.retirements_wanted(), 1u);
  pool.retirement_started();
  EXPECT_EQ(pool.retirements_wanted(), 0u);
  pool.retirement_ended();
  (void)pool.slot_freed();
  EXPECT_EQ(pool.retirements_wanted(), 0u);
}

TEST(process_pool, wants_those_beyond_a_lowered_cap_retired) {
  auto pool = pool_of(3, 8);
  for (lease_id lease = 1; lease <= 3; ++lease)
    (void)pool.request(lease, start);
  pool.set_limits({.processes_max = 1, .queue_max = 8, .queue_timeout = 30s});
  EXPECT_EQ(pool.retirements_wanted(), 2u);
  EXPECT_EQ(pool.request(4, start), verdict::wait);
  EXPECT_EQ(pool.retirements_wanted(), 3u); // and one for him
  for (int i = 0; i < 3; ++i)
    pool.retirement_started();
  EXPECT_EQ(pool.retirements_wanted(), 0u);
  for (int i = 0; i < 2; ++i) {
    pool.retirement_ended();
    EXPECT_EQ(pool.slot_freed(), std::nullopt);
  }
  EXPECT_EQ(pool.retirements_wanted(), 0u);
  pool.retirement_ended();
  EXPECT_EQ(pool.slot_freed(), lease_id{4});
}

TEST(process_pool, longest_idle_skips_the_busy_and_orders_by_age) {
  const std::vector<idle_report> reports{{.process = 1, .idle = true, .idle_since = start + 3s},
                                         {.process = 2, .idle = false, .idle_since = start},
                                         {.process = 3, .idle = true, .idle_since = start + 1s},
                                         {.process = 4, .idle = true, .idle_since = start + 2s}};
  EXPECT_THAT(longest_idle(reports, 2), ElementsAre(3, 4));
  EXPECT_THAT(longest_idle(reports, 9), ElementsAre(3, 4, 1));
  EXPECT_THAT(longest_idle(reports, 0), IsEmpty());
}

} // namespace
} // namespace ccapi::domain
