#include "http/body_budget.hpp"
#include "http/decoding_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
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
  std::string body;
  const std::string piece(64 << 10, 'x');
  constexpr std::size_t length = 5 * mib;
  while (body.size() < length) {
    ASSERT_TRUE(make_room(body, piece.size(), length, held));
    body += piece;
    ASSERT_LE(body.capacity(), budget->taken() + body_budget::free_bytes);
  }
  EXPECT_EQ(body.capacity(), length + body_budget::padding);
  EXPECT_FALSE(make_room(body, 10 * mib, 20 * mib, held));
  EXPECT_EQ(body.size(), length);
}

struct waiting_body final : decoding_queue::member {
  void on_decoding_turn() override { ++turns; }
  int turns = 0;
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

} // namespace
} // namespace ccapi::http
