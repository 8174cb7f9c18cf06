#include "http/wire/alarm.hpp"
#include "http/wire/body_budget.hpp"
#include "http/wire/decoding_queue.hpp"
#include "peak_memory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace ccapi::http {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

TEST(body_budget_test, counts_what_is_beyond_each_ones_free_bytes) {
  const auto budget = std::make_shared<body_budget>(10 * mib);
  body_budget::share first{budget};
  EXPECT_TRUE(first.resize(body_budget::free_bytes));
  EXPECT_EQ(budget->taken(), 0u);
  EXPECT_TRUE(first.resize(body_budget::free_bytes + 7 * mib));
  EXPECT_EQ(budget->taken(), 7 * mib);
  {
    body_budget::share second{budget};
    EXPECT_FALSE(second.resize(body_budget::free_bytes + 4 * mib));
    EXPECT_TRUE(second.resize(body_budget::free_bytes)) << "small ones are served all the same";
    EXPECT_TRUE(second.resize(body_budget::free_bytes + 3 * mib));
    EXPECT_EQ(budget->taken(), 10 * mib);
    EXPECT_FALSE(first.has_room_for(mib));
  }
  EXPECT_EQ(budget->taken(), 7 * mib);
  EXPECT_TRUE(first.has_room_for(3 * mib));
  EXPECT_TRUE(first.resize(mib));
  first.release();
  EXPECT_EQ(budget->taken(), 0u);
}

TEST(body_budget_test, may_be_made_smaller_than_what_is_taken) {
  const auto budget = std::make_shared<body_budget>(10 * mib);
  body_budget::share held{budget};
  EXPECT_TRUE(held.resize(9 * mib));
  budget->set(mib);
  EXPECT_FALSE(held.resize(10 * mib));
  EXPECT_FALSE(held.has_room_for(mib));
  EXPECT_TRUE(held.resize(mib));
  EXPECT_EQ(budget->taken(), mib - body_budget::free_bytes);
}

TEST(body_budget_test, never_gives_out_more_than_there_is_to_any_number_of_threads) {
  const auto budget = std::make_shared<body_budget>(4 * mib);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      body_budget::share held{budget};
      for (std::size_t round = 0; round < 10'000; ++round) {
        static_cast<void>(held.resize(body_budget::free_bytes + round % 7 * mib / 2));
        EXPECT_LE(budget->taken(), 4 * mib);
      }
    });
  for (auto& each : threads)
    each.join();
  EXPECT_EQ(budget->taken(), 0u);
}

TEST(body_budget_test, charges_a_body_as_it_grows_to_its_known_length) {
  const auto budget = std::make_shared<body_budget>(8 * mib);
  body_budget::share held{budget};
  body_buffer body;
  const std::string piece(64 << 10, 'x');
  constexpr std::size_t length = 5 * mib;
  while (body.size() < length) {
    ASSERT_TRUE(make_room(body, piece.size(), length, held));
    ASSERT_TRUE(body.append(piece));
    ASSERT_LE(body.capacity(), budget->taken() + body_budget::free_bytes);
  }
  EXPECT_EQ(body.capacity(), body_buffer::capacity_for(length + body_budget::padding));
  EXPECT_FALSE(make_room(body, 10 * mib, 20 * mib, held));
  EXPECT_EQ(body.size(), length);
}

/// Fills a body with so many pieces of 64 KiB; the greatest amount that was charged.
std::size_t fill(body_buffer& body, std::size_t pieces, std::size_t size_max,
                 const body_budget& budget, body_budget::share& held) {
  const std::string piece(64 << 10, 'x');
  std::size_t charged = 0;
  for (std::size_t i = 0; i < pieces; ++i) {
    EXPECT_TRUE(make_room(body, piece.size(), size_max, held));
    EXPECT_TRUE(body.append(piece));
    charged = std::max(charged, budget.taken());
  }
  return charged;
}

TEST(body_budget_test, charges_all_memory_that_a_body_takes_while_it_grows) {
  const auto budget = std::make_shared<body_budget>(512 * mib);
  for (const std::size_t size_max : {96 * mib, 90 * mib}) { // the last growth is not a doubling
    body_budget::share held{budget};
    const test::peak_memory memory;
    body_buffer body;
    const auto charged = fill(body, 85 * 16, size_max, *budget, held);
    EXPECT_LE(memory.growth(), charged + 4 * mib);
    EXPECT_GE(memory.growth(), 84 * mib) << "it is measured";
    EXPECT_LE(charged, 97 * mib) << "and no more is charged than it takes";
  }
}

TEST(body_budget_test, lets_a_body_be_as_large_as_all_that_is_left) {
  const auto budget = std::make_shared<body_budget>(4 * mib);
  body_budget::share held{budget};
  body_buffer body; // nobody knows its length, so it doubles as long as it can
  fill(body, 63, 32 * mib, *budget, held);
  EXPECT_EQ(body.size(), 4 * mib - (64 << 10));
  EXPECT_FALSE(make_room(body, mib, 32 * mib, held));
}

TEST(body_budget_test, serves_small_bodies_while_nothing_is_left) {
  const auto budget = std::make_shared<body_budget>(mib);
  body_budget::share all{budget};
  ASSERT_TRUE(all.resize(mib + body_budget::free_bytes));
  body_budget::share held{budget};
  body_buffer body;
  for (int i = 0; i < 2; ++i, body.clear()) // the second one on the memory of the first
    for (int piece = 0; piece < 64; ++piece) {
      ASSERT_TRUE(make_room(body, 1024, 32 * mib, held));
      ASSERT_TRUE(body.append(std::string(1024, 'x')));
    }
  EXPECT_EQ(budget->taken(), mib);
}

TEST(body_buffer_test, keeps_its_bytes_however_it_grows_and_shrinks) {
  body_buffer body;
  std::string expected;
  for (std::size_t i = 0; i < 90'000; ++i) {
    const auto piece = std::to_string(i) + ' ';
    body.reserve(body.size() + piece.size());
    ASSERT_TRUE(body.append(piece));
    expected += piece;
  }
  EXPECT_EQ(body.view(), expected);
  EXPECT_FALSE(body.append(std::string(body.capacity(), 'x')));
  body.reserve(16 * mib);
  EXPECT_EQ(body.capacity(), 16 * mib);
  body.shrink();
  EXPECT_LT(body.capacity(), expected.size() + 65'536);
  ASSERT_GT(body.capacity(), body_buffer::mapped_from);
  body_buffer other{std::move(body)};
  EXPECT_EQ(other.view(), expected);
  EXPECT_EQ(other.text().view(), expected);
  other = body_buffer{};
  EXPECT_EQ(other.capacity(), 0u);
  EXPECT_EQ(other.text().view(), "");
  other.reserve(mib);
  other.shrink();
  EXPECT_EQ(other.capacity(), body_buffer::mapped_from);
}

/// A timer whose next wait may fail to begin.
struct faulty_timer {
  explicit faulty_timer(int) {}
  void expires_at(deadlines::time_point) {}
  template <class Handler>
  void async_wait(Handler) {
    if (std::exchange(fails, false))
      throw std::bad_alloc{};
    ++waits;
  }
  void cancel() {}

  static inline bool fails = false;
  static inline int waits = 0;
};

TEST(alarm_test, that_could_not_be_set_is_not_relied_on) {
  alarm<faulty_timer> bell{0};
  const auto at = [](int second) { return deadlines::time_point{std::chrono::seconds{second}}; };
  const auto nothing = [] {};
  EXPECT_TRUE(bell.rings_by(deadlines::never));
  bell.set(at(10), nothing);
  EXPECT_TRUE(bell.rings_by(at(10)));
  EXPECT_FALSE(bell.rings_by(at(9)));
  faulty_timer::fails = true;
  EXPECT_THROW(bell.set(at(9), nothing), std::bad_alloc);
  EXPECT_FALSE(bell.rings_by(at(9)));
  EXPECT_FALSE(bell.rings_by(at(10))) << "the earlier wait was cancelled";
  bell.set(at(9), nothing);
  EXPECT_TRUE(bell.rings_by(at(9)));
  EXPECT_EQ(faulty_timer::waits, 2);
  bell.rang();
  EXPECT_FALSE(bell.rings_by(at(10)));
}

struct waiting_body final : decoding_queue::member {
  bool on_decoding_turn() noexcept override {
    ++turns;
    return can;
  }
  int turns = 0;
  bool can = true;
};

TEST(decoding_queue_test, lets_two_in_and_the_others_wait_in_order) {
  decoding_queue queue;
  std::array<waiting_body, 5> bodies;
  EXPECT_TRUE(queue.enter(bodies[0]));
  EXPECT_TRUE(queue.enter(bodies[1]));
  for (std::size_t i = 2; i < bodies.size(); ++i) {
    EXPECT_FALSE(queue.enter(bodies[i]));
    EXPECT_TRUE(bodies[i].waits_for_decoding());
  }
  bodies[3].stop_waiting_for_decoding(); // its client is gone
  queue.leave();
  EXPECT_EQ(bodies[2].turns, 1);
  EXPECT_EQ(bodies[4].turns, 0);
  queue.leave();
  EXPECT_EQ(bodies[3].turns, 0);
  EXPECT_EQ(bodies[4].turns, 1);
  EXPECT_FALSE(bodies[4].waits_for_decoding());
  EXPECT_EQ(queue.pause_after(std::chrono::microseconds{100}), std::chrono::microseconds{700});
  EXPECT_EQ(queue.pause_after(std::chrono::seconds{1}), decoding_queue::pause_max);
  queue.leave();
  EXPECT_EQ(queue.pause_after(std::chrono::microseconds{100}), std::chrono::microseconds{100});
  queue.leave();
  EXPECT_TRUE(queue.enter(bodies[0]));
  EXPECT_TRUE(queue.enter(bodies[1]));
  EXPECT_FALSE(queue.enter(bodies[2]));
}

TEST(decoding_queue_test, goes_on_with_the_next_where_one_can_not_take_its_turn) {
  decoding_queue queue;
  std::array<waiting_body, 6> bodies;
  for (auto& each : bodies)
    static_cast<void>(queue.enter(each));
  bodies[2].can = bodies[3].can = bodies[5].can = false;
  queue.leave();
  EXPECT_EQ(bodies[4].turns, 1);
  queue.leave(); // there is nobody left who can
  queue.leave();
  EXPECT_TRUE(queue.enter(bodies[0]));
  EXPECT_TRUE(queue.enter(bodies[1]));
}

} // namespace
} // namespace ccapi::http
