// More conversations than processes: who waits, who gives way, and that no slot is ever lost.

#include "gateway_rig.hpp"

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

class process_cap : public gateway_rig {
protected:
  process_cap() { settings.claude.max_concurrent_sessions = 1; }
};

TEST_F(process_cap, idle_process_gives_way_and_its_dialogue_comes_back) {
  start();
  client first;
  client second;
  client third;
  submit(first, "a", "one");
  first_turn(0, "one", "1");
  submit(second, "b", "two");
  EXPECT_EQ(children.size(), 1U);
  EXPECT_TRUE(cli(0).input_closed());
  reap(0);
  first_turn(1, "two", "2");
  EXPECT_EQ(second.text, "2");

  submit(third, "a", "three");
  reap(1);
  ASSERT_EQ(children.size(), 3U);
  boot_with_history(2, "one", "1");
  next_turn(2, "three", "3");
  EXPECT_EQ(third.text, "3");
  EXPECT_EQ(figures().processes_retired, 2U);
}

TEST_F(process_cap, busy_process_gives_way_as_soon_as_its_turn_is_over) {
  start();
  client first;
  client second;
  submit(first, "a", "one");
  submit(second, "b", "two");
  EXPECT_EQ(figures().queue_length, 1U);
  first_turn(0, "one", "1");
  EXPECT_TRUE(first.finished);
  EXPECT_TRUE(cli(0).input_closed());
  reap(0);
  first_turn(1, "two", "2");
  EXPECT_EQ(second.text, "2");
}

TEST_F(process_cap, turn_that_meets_a_retiring_process_runs_whole_on_another) {
  start();
  client first;
  client waiting;
  client late;
  submit(first, "a", "one");
  first_turn(0, "one", "1");
  // Both at once: the retirement and a turn for the same process are under way together.
  gateway().submit(request("b", "two"), waiting.make_sink());
  gateway().submit(request("a", "three"), late.make_sink());
  world.pump();
  std::size_t next = 1;
  for (int rounds = 0; rounds < 10 && !(waiting.over() && late.over()); ++rounds) {
    if (!cli(next - 1).input_closed()) { // the turn won: it runs where it is
      EXPECT_EQ(cli(next - 1).take_user(), "three");
      say(next - 1, cli_lines::answer("3"));
    }
    reap_ended();
    if (next >= children.size())
      continue;
    cli(next).boot();
    world.pump();
    while (!cli(next).silent()) {
      const auto line = cli(next).next_line();
      if (field(line, "type") != "user")
        continue;
      const bool seeded = line.find("\"shouldQuery\":false") != std::string::npos;
      say(next, seeded ? cli_lines::result() : cli_lines::answer("to " + field(line, "text")));
    }
    ++next;
    reap_ended();
  }
  EXPECT_TRUE(waiting.finished);
  EXPECT_EQ(waiting.text, "to two");
  EXPECT_TRUE(late.finished);
}

TEST_F(process_cap, waiting_turn_that_is_cancelled_leaves_the_queue) {
  start();
  client first;
  client second;
  client third;
  submit(first, "a", "one");
  const auto turn = submit(second, "b", "two");
  submit(third, "c", "three");
  EXPECT_EQ(figures().queue_length, 2U);
  cancel(turn);
  EXPECT_EQ(figures().queue_length, 1U);
  EXPECT_TRUE(second.sink.expired());
  first_turn(0, "one", "1");
  reap(0);
  first_turn(1, "three", "3");
  EXPECT_EQ(third.text, "3");
}

TEST_F(process_cap, waiting_ends_with_a_clear_refusal) {
  settings.limits.queue_timeout = 30s;
  start();
  client first;
  client second;
  submit(first, "a", "one");
  submit(second, "b", "two");
  world.advance(31s);
  EXPECT_EQ(second.failure(), error_code::server_busy);
  EXPECT_EQ(figures().queue_length, 0U);
  first_turn(0, "one", "1");
  EXPECT_TRUE(first.finished);
}

TEST_F(process_cap, full_waiting_queue_refuses_the_newcomer) {
  settings.limits.queue_max = 1;
  start();
  client first;
  client second;
  client third;
  submit(first, "a", "one");
  submit(second, "b", "two");
  submit(third, "c", "three");
  EXPECT_EQ(third.failure(), error_code::server_busy);
  EXPECT_FALSE(second.over());
}

TEST_F(process_cap, client_that_leaves_before_the_child_is_claimed_costs_no_slot) {
  start();
  client first;
  client second;
  const auto made = gateway().submit(request("a", "one"), first.make_sink());
  while (world.pump_loop(0)) {
  }
  // The wish is on its way to the supervisor, and so is what takes it back.
  gateway().cancel(made);
  world.pump();
  ASSERT_EQ(children.size(), 1U);
  EXPECT_EQ(first.events, 0U);
  EXPECT_TRUE(cli(0).life_closed()) << "a child that nobody wants ends";
  reap_ended();
  submit(second, "b", "two");
  first_turn(1, "two", "2");
  EXPECT_EQ(second.text, "2");
}

TEST_F(process_cap, child_that_dies_at_once_frees_its_slot) {
  settings.retry.attempts = 0;
  start();
  client first;
  client second;
  submit(first, "a", "one");
  submit(second, "b", "two");
  reap(0);
  EXPECT_EQ(first.failure(), error_code::cli_unavailable);
  ASSERT_EQ(children.size(), 2U);
  first_turn(1, "two", "2");
  EXPECT_EQ(second.text, "2");
}

TEST_F(process_cap, many_conversations_share_one_process_in_turn) {
  start();
  std::deque<client> clients(8);
  for (std::size_t i = 0; i < clients.size(); ++i)
    submit(clients[i], "c" + std::to_string(i), "q" + std::to_string(i));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    ASSERT_EQ(children.size(), i + 1);
    first_turn(i, "q" + std::to_string(i), "a" + std::to_string(i));
    reap_ended();
  }
  for (std::size_t i = 0; i < clients.size(); ++i)
    EXPECT_EQ(clients[i].text, "a" + std::to_string(i));
}

} // namespace
} // namespace ccapi::actors::test
