// A client on one I/O thread, its conversation on another.

#include "domain/dialogue/placement.hpp"
#include "gateway_rig.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace ccapi::actors::test {
namespace {

class two_threads : public gateway_rig {
protected:
  /// A name whose conversation lives on that thread of the two.
  static std::string name_at(std::uint32_t shard) {
    const domain::placement there{{.node = 0, .shard = shard}, 2};
    std::string name = "a";
    while (!there.is_here(there.home_of_conversation("", name)))
      ++name.front();
    return name;
  }
  const std::string afar = name_at(1);
};

TEST_F(two_threads, answers_come_to_the_clients_thread_in_order) {
  start(2);
  client asker;
  submit(asker, afar, "q");
  EXPECT_EQ(shard(0).conversations.size(), 0U);
  EXPECT_EQ(shard(1).conversations.size(), 1U);
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  std::string expected;
  cli(0).say(cli_lines::message_start());
  for (int i = 0; i < 500; ++i) {
    const auto word = std::to_string(i) + ' ';
    expected += word;
    ASSERT_GT(cli(0).say(cli_lines::text(word)), 0U);
    if (i % 7 == 0)
      world.pump();
  }
  world.pump_loop(1);
  const auto heard = asker.events;
  while (world.pump_loop(1)) {
  }
  EXPECT_EQ(asker.events, heard) << "the other thread never calls the client";
  say(0, cli_lines::message_delta() + cli_lines::result());
  EXPECT_EQ(asker.text, expected);
  EXPECT_TRUE(asker.finished);
  EXPECT_LT(asker.flushes, asker.events) << "a batch per read";
  EXPECT_TRUE(asker.sink.expired());
}

TEST_F(two_threads, next_turn_goes_to_the_same_process) {
  start(2);
  client first;
  client second;
  submit(first, afar, "one");
  first_turn(0, "one", "1");
  submit(second, afar, "two", 1); // this client sits on the conversation's own thread
  next_turn(0, "two", "2");
  EXPECT_EQ(second.text, "2");
}

TEST_F(two_threads, client_that_leaves_is_heard_on_the_other_thread) {
  start(2);
  client asker;
  const auto turn = submit(asker, afar, "q");
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  cli(0).say(cli_lines::message_start() + cli_lines::text("half"));
  gateway().cancel(turn);
  EXPECT_TRUE(asker.sink.expired());
  world.pump(); // events and the cancellation pass each other
  EXPECT_EQ(asker.events, 0U);
  cli(0).take_control("interrupt");
  say(0, cli_lines::interrupted_result());
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation"), false));
  EXPECT_TRUE(cli(0).input_closed());
}

TEST_F(two_threads, client_that_leaves_before_its_turn_has_arrived) {
  start(2);
  client asker;
  const auto made = gateway().submit(request(afar, "q"), asker.make_sink());
  gateway().cancel(made);
  world.pump();
  EXPECT_EQ(asker.events, 0U);
  EXPECT_TRUE(asker.sink.expired());
}

TEST_F(two_threads, slow_client_stops_the_process_and_credit_lets_it_go_on) {
  settings.limits.stream_buffer_bytes = 4000;
  start(2);
  client asker;
  const auto turn = submit(asker, afar, "q");
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  std::string lines = cli_lines::message_start();
  for (int i = 0; i < 300; ++i)
    lines += cli_lines::text(std::string(1000, 'x'));
  lines += cli_lines::message_delta() + cli_lines::result();
  auto left = std::string_view{lines};
  const auto feed = [&] {
    left.remove_prefix(cli(0).say(left));
    world.pump();
  };
  for (int i = 0; i < 10; ++i)
    feed();
  EXPECT_EQ(asker.text.size(), 4000U);
  std::size_t acknowledged = 0;
  for (int rounds = 0; rounds < 10'000 && !asker.over(); ++rounds) {
    const auto size = std::min<std::size_t>(asker.text.size() - acknowledged, 700);
    acknowledged += size;
    gateway().acknowledge(turn, size);
    feed();
    ASSERT_LE(asker.text.size(), acknowledged + 4000 + 1000);
  }
  EXPECT_TRUE(asker.finished) << "small acknowledgements must not starve the process";
  EXPECT_EQ(asker.text.size(), 300'000U);
}

TEST_F(two_threads, refusals_of_the_other_thread_arrive) {
  settings.conversation.queue_max = 1;
  start(2);
  client first;
  client second;
  client third;
  submit(first, afar, "one");
  submit(second, afar, "two");
  submit(third, afar, "three");
  EXPECT_EQ(third.failure(), domain::error_code::server_busy);
  EXPECT_TRUE(third.sink.expired());
  EXPECT_FALSE(second.over());
}

TEST_F(two_threads, figures_cover_all_threads_and_count_once) {
  start(2);
  client near_one;
  client far_one;
  submit(near_one, name_at(0), "one");
  submit(far_one, afar, "two");
  EXPECT_EQ(figures().turns_active, 2U);
  EXPECT_EQ(figures().processes_busy, 2U);
  EXPECT_EQ(figures().conversations, 2U);
  first_turn(0, "one", "1");
  first_turn(1, "two", "2");
  const auto now = figures();
  EXPECT_EQ(now.turns_finished, 2U);
  EXPECT_EQ(now.completion_tokens, 10);
}

TEST_F(two_threads, health_reaches_every_thread) {
  start(2);
  drain();
  EXPECT_EQ(gateway(0).current_health().state, domain::health_state::draining);
  EXPECT_EQ(gateway(1).current_health().state, domain::health_state::draining);
}

TEST_F(two_threads, end_of_the_gateway_reaches_turns_from_both_threads) {
  start(2);
  client near_one;
  client far_one;
  submit(near_one, afar, "one", 1);
  submit(far_one, afar, "two", 0);
  drain();
  close_all();
  EXPECT_EQ(near_one.failure(), domain::error_code::draining);
  EXPECT_EQ(far_one.failure(), domain::error_code::draining);
}

} // namespace
} // namespace ccapi::actors::test
