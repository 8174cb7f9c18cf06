// Who gets a process slot, who waits, who has to go.

#include "domain/pool/process_pool.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using verdict = process_pool::verdict;

const steady_time start{};

/// As process_pool, with wishes in short.
struct played_pool : process_pool {
  using process_pool::process_pool;
  using process_pool::request;
  verdict request(lease_id lease, steady_time now, const std::string& tenant = {}) {
    return request(process_wish{.lease = lease, .tenant = tenant}, now).what;
  }
  /// For a dialogue of this root that nothing has been said in.
  verdict request_fresh(lease_id lease, std::uint64_t root, const std::string& tenant = {}) {
    return request({lease, tenant, origin(root), true}, start).what;
  }
  static process_origin origin(std::uint64_t root) { return {0, {root, 0}}; }
};

played_pool pool_of(std::size_t processes, std::size_t queue) {
  return played_pool{{.processes_max = processes, .queue_max = queue, .queue_timeout = 30s}};
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

TEST(process_pool, whoever_got_a_process_that_could_not_be_had_is_back_in_his_place) {
  auto pool = pool_of(1, 2);
  (void)pool.request_fresh(1, 7);
  (void)pool.request_fresh(2, 7);
  ASSERT_EQ(pool.request({.lease = 3, .tenant = ""}, start + 1s).what, verdict::wait);
  ASSERT_EQ(pool.lead_back(pool.origin(7)), 2u);
  ASSERT_EQ(pool.request({.lease = 4, .tenant = ""}, start + 2s).what, verdict::wait);
  const process_wish again{
    .lease = 5, .tenant = "", .origin = pool.origin(7), .fresh = true, .waiting_since = start};
  EXPECT_EQ(pool.request(again, start + 29s).what, verdict::wait) << "though the queue is full";
  EXPECT_EQ(pool.next_deadline(), start + 30s);
  EXPECT_THAT(pool.expired(start + 30s), ElementsAre(5u));
  EXPECT_EQ(pool.request(again, start + 29s).what, verdict::wait);
  EXPECT_EQ(pool.slot_freed(), 5u);
  EXPECT_EQ(pool.slot_freed(), 3u);
}

TEST(process_pool, tenant_that_got_nothing_in_its_round_has_the_round_again) {
  auto pool = pool_of(1, 8);
  (void)pool.request(1, start);
  (void)pool.request_fresh(2, 7, "mine");
  (void)pool.request(3, start, "yours");
  ASSERT_EQ(pool.lead_back(pool.origin(7)), 2u);
  ASSERT_EQ(pool
              .request({.lease = 4,
                        .tenant = "mine",
                        .origin = pool.origin(7),
                        .fresh = true,
                        .waiting_since = start - 1s},
                       start + 1s)
              .what,
            verdict::wait);
  EXPECT_EQ(pool.slot_freed(), 4u);
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

// -- several tenants

TEST(process_pool, tenants_are_served_in_turn) {
  auto pool = pool_of(1, 100);
  (void)pool.request(1, start, "flood");
  for (lease_id lease = 2; lease <= 40; ++lease)
    (void)pool.request(lease, start, "flood");
  (void)pool.request(100, start, "other");
  (void)pool.request(101, start, "other");
  (void)pool.request(200, start, "third");
  EXPECT_EQ(pool.slot_freed(), lease_id{2});
  EXPECT_EQ(pool.slot_freed(), lease_id{100});
  EXPECT_EQ(pool.slot_freed(), lease_id{200});
  EXPECT_EQ(pool.slot_freed(), lease_id{3});
  EXPECT_EQ(pool.slot_freed(), lease_id{101});
  EXPECT_EQ(pool.slot_freed(), lease_id{4});
  EXPECT_EQ(pool.slot_freed(), lease_id{5});
}

TEST(process_pool, newcomer_waits_for_one_slot_at_most_however_long_the_others_queued) {
  auto pool = pool_of(1, 100);
  for (lease_id lease = 1; lease <= 60; ++lease)
    (void)pool.request(lease, start, "flood");
  for (int served = 0; served < 30; ++served)
    (void)pool.slot_freed();
  (void)pool.request(100, start, "other");
  const auto next = pool.slot_freed();
  EXPECT_TRUE(next == lease_id{100} || pool.slot_freed() == lease_id{100});
}

TEST(process_pool, who_asks_again_at_once_gets_his_share_and_no_more) {
  auto pool = pool_of(1, 100);
  for (lease_id lease = 1; lease <= 60; ++lease)
    (void)pool.request(lease, start, "patient");
  std::size_t hasty = 0;
  (void)pool.request(1000, start, "hasty");
  for (int served = 0; served < 20; ++served)
    if (const auto lease = pool.slot_freed(); lease && *lease >= 1000) {
      ++hasty;
      (void)pool.request(1000 + hasty, start, "hasty");
    }
  EXPECT_GE(hasty, 9U);
  EXPECT_LE(hasty, 11U);
}

TEST(process_pool, full_queue_takes_a_newcomer_for_the_last_of_whoever_has_most_places) {
  auto pool = pool_of(1, 4);
  for (lease_id lease = 1; lease <= 5; ++lease)
    (void)pool.request(lease, start, "flood");
  const auto first = pool.request({.lease = 100, .tenant = "other"}, start);
  EXPECT_EQ(first.what, verdict::wait);
  EXPECT_EQ(first.displaced, lease_id{5});
  const auto second = pool.request({.lease = 101, .tenant = "other"}, start);
  EXPECT_EQ(second.displaced, lease_id{4});
  // Two and two: everybody has his half.
  EXPECT_EQ(pool.request({.lease = 102, .tenant = "other"}, start).what, verdict::refuse);
  EXPECT_EQ(pool.request({.lease = 6, .tenant = "flood"}, start).what, verdict::refuse);
  const auto third = pool.request({.lease = 200, .tenant = "third"}, start);
  EXPECT_EQ(third.what, verdict::wait);
  EXPECT_TRUE(third.displaced == lease_id{101} || third.displaced == lease_id{3});
  EXPECT_EQ(pool.waiting(), 4U);
}

TEST(process_pool, single_tenant_has_the_whole_queue) {
  auto pool = pool_of(1, 3);
  for (lease_id lease = 1; lease <= 4; ++lease)
    EXPECT_NE(pool.request(lease, start, "only"), verdict::refuse);
  EXPECT_EQ(pool.request(5, start, "only"), verdict::refuse);
  EXPECT_EQ(pool_of(1, 0).request(1, start), verdict::spawn);
}

TEST(process_pool, without_a_queue_nobody_waits) {
  auto pool = pool_of(1, 0);
  (void)pool.request(1, start);
  EXPECT_EQ(pool.request(2, start), verdict::refuse);
}

TEST(process_pool, waiters_of_all_tenants_expire_in_the_order_of_their_coming) {
  auto pool = pool_of(1, 8);
  (void)pool.request(1, start);
  (void)pool.request(2, start, "b");
  (void)pool.request(3, start, "a");
  (void)pool.request(4, start + 1s, "b");
  EXPECT_EQ(pool.next_deadline(), start + 30s);
  EXPECT_THAT(pool.expired(start + 30s), ElementsAre(2, 3));
  EXPECT_EQ(pool.waiting(), 1U);
  EXPECT_EQ(pool.slot_freed(), lease_id{4});
}

// -- led back instead of ended

TEST(process_pool, process_goes_on_with_a_waiter_of_its_root) {
  auto pool = pool_of(1, 8);
  (void)pool.request_fresh(1, 7);
  (void)pool.request_fresh(2, 7);
  EXPECT_EQ(pool.retirements_wanted(), 1U);
  EXPECT_EQ(pool.lead_back(pool.origin(7)), lease_id{2});
  EXPECT_EQ(pool.live(), 1U);
  EXPECT_EQ(pool.waiting(), 0U);
  EXPECT_EQ(pool.retirements_wanted(), 0U);
  EXPECT_EQ(pool.lead_back(pool.origin(7)), std::nullopt);
}

TEST(process_pool, other_roots_threads_and_begun_dialogues_are_not_served_so) {
  auto pool = pool_of(1, 8);
  (void)pool.request_fresh(1, 7);
  (void)pool.request_fresh(2, 8);
  (void)pool.request({.lease = 3, .origin = {1, {7, 0}}, .fresh = true}, start);
  (void)pool.request({.lease = 4, .origin = {0, {7, 0}}, .fresh = false}, start);
  EXPECT_EQ(pool.lead_back(pool.origin(7)), std::nullopt);
  EXPECT_EQ(pool.waiting(), 3U);
}

TEST(process_pool, nobody_is_passed_over_for_ever) {
  auto pool = pool_of(2, 100);
  (void)pool.request_fresh(1, 7);
  (void)pool.request_fresh(2, 7);
  (void)pool.request_fresh(3, 8); // needs a process of its own
  for (lease_id lease = 4; lease <= 20; ++lease)
    (void)pool.request_fresh(lease, 7);
  EXPECT_EQ(pool.lead_back(pool.origin(7)), lease_id{4});
  EXPECT_EQ(pool.lead_back(pool.origin(7)), lease_id{5});
  EXPECT_EQ(pool.lead_back(pool.origin(7)), std::nullopt) << "the first has stepped back twice";
  EXPECT_EQ(pool.slot_freed(), lease_id{3});
  EXPECT_EQ(pool.lead_back(pool.origin(7)), lease_id{6});
}

TEST(process_pool, tenant_with_processes_to_lead_back_does_not_starve_others) {
  auto pool = pool_of(8, 100);
  for (lease_id lease = 1; lease <= 60; ++lease)
    (void)pool.request_fresh(lease, 7, "flood");
  for (int round = 0; round < 20; ++round)
    EXPECT_NE(pool.lead_back(pool.origin(7)), std::nullopt);
  (void)pool.request_fresh(100, 9, "other");
  int ahead = 0;
  while (ahead < 10 && pool.lead_back(pool.origin(7)))
    ++ahead;
  EXPECT_LE(ahead, 4) << "then a process has to end for the other";
  EXPECT_EQ(pool.slot_freed(), lease_id{100});
}

TEST(process_pool, short_turns_ahead_are_better_waited_for_than_a_boot) {
  auto pool = pool_of(2, 100);
  EXPECT_EQ(pool.next_wish(), nullptr);
  EXPECT_FALSE(pool.better_waits(2, 1ms, 500ms)) << "nobody waits";
  for (lease_id lease = 1; lease <= 8; ++lease)
    (void)pool.request_fresh(lease, 7);
  ASSERT_NE(pool.next_wish(), nullptr);
  EXPECT_EQ(pool.next_wish()->lease, lease_id{3});
  EXPECT_TRUE(pool.better_waits(2, 100ms, 300ms)) << "six on two: three turns";
  EXPECT_FALSE(pool.better_waits(2, 101ms, 300ms));
  EXPECT_FALSE(pool.better_waits(1, 100ms, 300ms));
  EXPECT_FALSE(pool.better_waits(0, 1ms, 300ms)) << "none that could serve him";
  EXPECT_FALSE(pool.better_waits(2, 0ms, 300ms)) << "nobody knows how long turns take";
  EXPECT_FALSE(pool.better_waits(2, 5s, 300ms));
}

TEST(process_pool, who_needs_a_process_of_his_own_does_not_wait_for_others) {
  auto pool = pool_of(1, 100);
  (void)pool.request_fresh(1, 7);
  (void)pool.request({.lease = 2, .origin = pool.origin(7), .fresh = false}, start);
  EXPECT_FALSE(pool.better_waits(1, 1ms, 300ms));
}

TEST(recent_duration, follows_what_it_is_told) {
  recent_duration of;
  EXPECT_EQ(of.get(), 0ms);
  of.note(100ms);
  EXPECT_EQ(of.get(), 100ms);
  of.note(500ms);
  EXPECT_EQ(of.get(), 200ms);
  for (int count = 0; count < 30; ++count)
    of.note(10us);
  EXPECT_LE(of.get(), 5ms);
  EXPECT_GE(of.get(), 1ms) << "never unknown again";
}

TEST(process_pool, process_beyond_a_lowered_cap_is_not_passed_on) {
  auto pool = pool_of(2, 8);
  (void)pool.request_fresh(1, 7);
  (void)pool.request_fresh(2, 7);
  (void)pool.request_fresh(3, 7);
  pool.set_limits({.processes_max = 1, .queue_max = 8, .queue_timeout = 30s});
  EXPECT_EQ(pool.lead_back(pool.origin(7)), std::nullopt);
}

TEST(process_pool, parked_processes_may_be_had_after_a_while_the_longest_first) {
  const std::vector<idle_report> reports{{.process = 1, .idle_since = start + 3s, .parked = true},
                                         {.process = 2, .idle = true, .idle_since = start},
                                         {.process = 3, .idle_since = start + 1s, .parked = true},
                                         {.process = 4, .idle_since = start}};
  EXPECT_THAT(longest_idle(reports, 9), ElementsAre(2));
  EXPECT_THAT(longest_parked(reports, 9, start + 10s, 5s), ElementsAre(3, 1));
  EXPECT_THAT(longest_parked(reports, 1, start + 10s, 5s), ElementsAre(3));
  EXPECT_THAT(longest_parked(reports, 9, start + 7s, 5s), ElementsAre(3));
  EXPECT_EQ(first_parked_until(reports, 5s), start + 6s);
  EXPECT_EQ(first_parked_until({}, 5s), std::nullopt);
  EXPECT_EQ((process_pool{{.queue_timeout = 4s}}.parked_patience()), 2s);
  EXPECT_EQ((process_pool{{.queue_timeout = 60s}}.parked_patience()), 10s);
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
