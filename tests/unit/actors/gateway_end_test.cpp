// The end of the gateway: every client hears how its turn ended, nothing is started any more, and
// nothing stays behind (gateway_rig checks that after every test).

#include "gateway_rig.hpp"

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

class gateway_end : public gateway_rig {};

TEST_F(gateway_end, idle_conversations_close_their_processes) {
  start();
  client asker;
  submit(asker, "c", "q");
  first_turn(0, "q", "a");
  drain();
  close_all();
  EXPECT_TRUE(cli(0).input_closed());
  reap(0);
  EXPECT_EQ(live_conversations(), 0U);
}

TEST_F(gateway_end, turns_that_run_or_wait_are_failed_once) {
  settings.claude.max_concurrent_sessions = 1;
  start();
  client running;
  client queued;
  client waiting;
  submit(running, "a", "one");
  submit(queued, "a", "two");
  submit(waiting, "b", "three");
  cli(0).boot();
  world.pump();
  drain();
  EXPECT_FALSE(running.over()) << "until the deadline turns go on";
  close_all();
  EXPECT_EQ(running.failure(), error_code::draining);
  EXPECT_EQ(queued.failure(), error_code::draining);
  EXPECT_EQ(waiting.failure(), error_code::draining);
}

TEST_F(gateway_end, nothing_is_started_for_those_who_waited) {
  settings.claude.max_concurrent_sessions = 1;
  start();
  std::deque<client> clients(4);
  for (std::size_t i = 0; i < clients.size(); ++i)
    submit(clients[i], "c" + std::to_string(i), "q");
  drain();
  close_all();
  for (auto& each : clients)
    EXPECT_EQ(each.failure(), error_code::draining);
  reap(0);
  EXPECT_EQ(children.size(), 1U);
}

TEST_F(gateway_end, new_turns_are_refused) {
  start();
  client asker;
  drain();
  submit(asker, "c", "q");
  EXPECT_EQ(asker.failure(), error_code::draining);
  EXPECT_EQ(gateway().current_health().state, domain::health_state::draining);
}

TEST_F(gateway_end, turn_that_crosses_the_end_is_refused_and_holds_nothing_up) {
  start();
  client first;
  client late;
  submit(first, "c", "q");
  first_turn(0, "q", "a");
  drain();
  // The end is told while the turn is on its way to the conversation.
  send_close_all();
  gateway().submit(request("c", "late"), late.make_sink());
  world.pump();
  EXPECT_EQ(late.failure(), error_code::draining);
  reap_ended();
  EXPECT_EQ(live_conversations(), 0U);
}

TEST_F(gateway_end, turn_that_crosses_the_end_of_a_conversation_without_a_process) {
  start();
  client first;
  client late;
  const auto turn = submit(first, "c", "q");
  cancel(turn);
  reap_ended();
  // A conversation without a process.
  gateway().submit(request("c", "again"), late.make_sink());
  send_close_all();
  drain();
  world.pump();
  EXPECT_EQ(late.failure(), error_code::draining);
}

TEST_F(gateway_end, two_refusals_in_the_mail_of_a_closing_conversation) {
  settings.claude.max_concurrent_sessions = 1;
  start();
  client busy;
  client waiting;
  client late;
  submit(busy, "a", "one");
  submit(waiting, "b", "two");
  // The conversation fails its turn and leaves; another turn for it is in the mail already.
  send_close_all();
  gateway().submit(request("b", "late"), late.make_sink());
  world.pump();
  EXPECT_EQ(waiting.failure(), error_code::draining);
  EXPECT_EQ(late.failure(), error_code::draining);
  EXPECT_EQ(busy.failure(), error_code::draining);
  EXPECT_EQ(live_conversations(), 0U);
}

TEST_F(gateway_end, children_that_do_not_go_by_themselves_are_killed) {
  settings.claude.close_grace = 10ms;
  start();
  client asker;
  submit(asker, "c", "q");
  cli(0).boot();
  world.pump();
  drain();
  close_all();
  EXPECT_TRUE(world.pump_until([&] { return cli(0).life_closed(); }));
}

} // namespace
} // namespace ccapi::actors::test
