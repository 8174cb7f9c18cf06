// One run, several readers.

#include "domain/cache/shared_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace ccapi::domain {
namespace {

struct listener final : event_sink {
  void on_event(event&& what) override {
    EXPECT_FALSE(over);
    if (const auto* text = std::get_if<text_delta>(&what)) {
      said += text->text;
      ++deltas;
    } else if (const auto* reasoning = std::get_if<reasoning_delta>(&what)) {
      thought += reasoning->text;
    } else if (std::holds_alternative<turn_placed>(what)) {
      ++placed;
    }
    if (const auto* finished = std::get_if<turn_finished>(&what))
      cost = finished->usage.cost_micro_usd;
    over = is_terminal(what);
    failed = failed || std::holds_alternative<turn_failed>(what);
    if (const auto once = std::exchange(then, nullptr))
      once();
  }
  void on_flush() override { ++flushes; }

  std::string said;
  std::string thought;
  std::size_t deltas = 0;
  std::size_t placed = 0;
  std::size_t flushes = 0;
  std::int64_t cost = -1; ///< millionths of a US dollar; below 0: not told
  bool over = false;
  bool failed = false;
  std::function<void()> then;
};

class shared_run_test : public testing::Test {
protected:
  struct client {
    std::shared_ptr<listener> heard = std::make_shared<listener>();
    std::shared_ptr<shared_run::reader> at;
    std::size_t taken = 0;
    /// Its client has taken all that it knows.
    std::size_t takes_all() {
      const auto bytes = heard->said.size() + heard->thought.size() - taken;
      taken += bytes;
      return bytes;
    }
  };
  client join() {
    client made;
    made.at = run.join(++last, made.heard);
    return made;
  }
  void say(std::string text) {
    run.take(text_delta{std::move(text)});
    run.feed_all();
  }
  void finish(finish_reason reason = finish_reason::stop) {
    run.take(turn_finished{.reason = reason, .usage = {.input_tokens = 3}, .model = "m"});
    run.feed_all();
  }
  void take(client& who) {
    run.grant(*who.at, who.takes_all());
    released += run.take_release();
    run.feed(*who.at);
  }

  shared_run::limits within{.log_bytes_max = 64 << 10, .window = 1000};
  shared_run run{within};
  turn_id last = 0;
  std::size_t released = 0; ///< of the run's credit
};

TEST_F(shared_run_test, what_it_cost_is_told_once) {
  const auto one = join();
  const auto two = join();
  run.take(text_delta{"Hello"});
  run.take(turn_finished{.usage = {.output_tokens = 3, .cost_micro_usd = 700}});
  run.feed_all();
  EXPECT_EQ(one.heard->cost, 700);
  EXPECT_EQ(two.heard->cost, 0);
  ASSERT_TRUE(run.answer());
  EXPECT_EQ(run.answer()->usage.output_tokens, 3);
}

TEST_F(shared_run_test, a_reader_hears_each_delta_as_it_comes) {
  auto one = join();
  run.take(turn_placed{});
  run.feed_all();
  for (const auto* each : {"a", "b", "c"})
    say(each);
  EXPECT_EQ(one.heard->deltas, 3U);
  EXPECT_EQ(one.heard->said, "abc");
  EXPECT_EQ(one.heard->placed, 1U);
  finish();
  EXPECT_TRUE(one.heard->over);
  EXPECT_TRUE(one.at->done());
  EXPECT_EQ(one.heard->flushes, 1U) << "behind the last event";
}

TEST_F(shared_run_test, who_comes_later_has_it_from_the_beginning_in_larger_pieces) {
  auto one = join();
  run.take(reasoning_delta{"hm"});
  for (int i = 0; i < 100; ++i)
    say("x");
  auto two = join();
  run.feed(*two.at);
  EXPECT_EQ(two.heard->said, std::string(100, 'x'));
  EXPECT_EQ(two.heard->thought, "hm");
  EXPECT_EQ(two.heard->deltas, 1U);
  say("y");
  EXPECT_EQ(two.heard->deltas, 2U);
  EXPECT_EQ(one.heard->said, two.heard->said);
  finish();
  EXPECT_TRUE(one.heard->over && two.heard->over);
}

TEST_F(shared_run_test, the_fastest_reader_paces_the_run) {
  auto fast = join();
  auto slow = join();
  for (int i = 0; i < 20; ++i) {
    say(std::string(500, 'x'));
    take(fast);
  }
  EXPECT_EQ(fast.heard->said.size(), 10'000U);
  EXPECT_EQ(slow.heard->said.size(), 1000U) << "no more than its window";
  EXPECT_EQ(released, 10'000U);
  finish();
  EXPECT_TRUE(fast.heard->over);
  EXPECT_FALSE(slow.heard->over);
  while (!slow.heard->over)
    take(slow);
  EXPECT_EQ(slow.heard->said.size(), 10'000U);
}

TEST_F(shared_run_test, nobody_joins_a_long_answer_and_the_slowest_paces_it) {
  auto fast = join();
  auto slow = join();
  std::size_t said = 0;
  while (run.admits()) {
    say(std::string(500, 'x'));
    said += 500;
    take(fast);
  }
  EXPECT_GT(said, within.log_bytes_max / 2);
  const auto paced_by_fast = released;
  EXPECT_GE(paced_by_fast + 1000, said);
  say(std::string(500, 'x'));
  take(fast);
  EXPECT_EQ(released, paced_by_fast) << "the slow one has to take what is there";
  const auto most = run.log_bytes();
  while (slow.taken < paced_by_fast)
    take(slow);
  EXPECT_LT(run.log_bytes(), most / 2) << "what all have read is gone";
  take(slow);
  take(slow);
  EXPECT_GT(released, paced_by_fast);
  finish();
  while (!slow.heard->over)
    take(slow);
  EXPECT_EQ(slow.heard->said.size(), said + 500);
  EXPECT_FALSE(run.answer()) << "it is not known from the beginning";
}

TEST_F(shared_run_test, a_slow_reader_that_leaves_no_longer_paces_anything) {
  auto fast = join();
  auto slow = join();
  while (run.admits()) {
    say(std::string(500, 'x'));
    take(fast);
  }
  say(std::string(500, 'x'));
  take(fast);
  EXPECT_LT(released, fast.taken);
  EXPECT_FALSE(run.leave(*slow.at));
  EXPECT_EQ(released + run.take_release(), fast.taken);
  EXPECT_LT(run.log_bytes(), 10'000U);
}

TEST_F(shared_run_test, memory_is_bounded_whatever_the_readers_do) {
  std::minstd_rand dice{1};
  std::vector<client> all;
  for (int i = 0; i < 5; ++i)
    all.push_back(join());
  std::size_t outstanding = 0; // of the run's window
  std::string said;
  for (int step = 0; step < 20'000; ++step) {
    if (outstanding < within.window) {
      std::string piece(1 + dice() % 300, static_cast<char>('a' + dice() % 26));
      said += piece;
      outstanding += piece.size();
      say(std::move(piece));
    }
    const auto before = released;
    take(all[std::min<std::size_t>(dice() % 40, all.size() - 1)]);
    outstanding -= released - before;
    ASSERT_LE(run.log_bytes(), within.log_bytes_max + 3 * within.window);
  }
  EXPECT_GT(said.size(), 4 * within.log_bytes_max) << "it never stood still";
  finish();
  for (auto& each : all) {
    while (!each.heard->over)
      take(each);
    EXPECT_EQ(each.heard->said, said);
  }
}

TEST_F(shared_run_test, it_is_needed_until_the_last_one_leaves) {
  auto one = join();
  auto two = join();
  EXPECT_FALSE(run.leave(*one.at));
  say("x");
  EXPECT_EQ(one.heard->said, "");
  EXPECT_EQ(two.heard->said, "x");
  EXPECT_TRUE(run.leave(*two.at));
}

TEST_F(shared_run_test, all_share_a_failure) {
  auto one = join();
  auto two = join();
  say("half");
  run.take(turn_failed{});
  run.feed_all();
  EXPECT_TRUE(one.heard->failed && two.heard->failed);
  EXPECT_TRUE(run.over());
  EXPECT_FALSE(run.admits());
  EXPECT_FALSE(run.answer());
}

TEST_F(shared_run_test, a_reader_may_leave_while_it_is_told_something_and_another_one_join) {
  auto one = join();
  auto two = join();
  client three;
  one.heard->then = [&] {
    run.leave(*one.at);
    three = join();
  };
  say("x");
  say("y");
  EXPECT_EQ(one.heard->said, "x");
  EXPECT_EQ(two.heard->said, "xy");
  EXPECT_EQ(three.heard->said, "xy");
  EXPECT_EQ(run.readers().size(), 2U);
}

TEST_F(shared_run_test, only_a_whole_answer_that_ended_by_itself_can_be_kept) {
  const auto told = [](std::vector<event> events) {
    shared_run made{{}};
    for (auto& each : events)
      made.take(std::move(each));
    return made.answer();
  };
  const turn_finished stopped{.usage = {.output_tokens = 5}, .model = "m"};
  const auto kept = told({turn_placed{.dropped = {"temperature"}}, answer_started{.model = "m"},
                          reasoning_delta{"hm"}, text_delta{"Hel"}, text_delta{"lo"}, stopped});
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->text, "Hello");
  EXPECT_EQ(kept->reasoning, "hm");
  EXPECT_EQ(kept->model, "m");
  EXPECT_EQ(kept->usage.output_tokens, 5);
  EXPECT_EQ(kept->dropped, std::vector<std::string>{"temperature"});
  for (const auto reason :
       {finish_reason::length, finish_reason::content_filter, finish_reason::tool_calls})
    EXPECT_FALSE(
      told({text_delta{"x"}, turn_finished{.reason = reason, .usage = {}, .model = {}}}));
  EXPECT_FALSE(told({text_delta{"x"}})) << "it goes on";
  EXPECT_FALSE(told({text_delta{"x"}, turn_failed{}}));
  EXPECT_FALSE(told({stopped})) << "it says nothing";
  EXPECT_FALSE(
    told({answer_started{.model = "other", .fell_back = true}, text_delta{"x"}, stopped}))
    << "another model stood in";
}

} // namespace
} // namespace ccapi::domain
