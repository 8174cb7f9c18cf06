// Conversations whose process or actor goes at the wrong moment.

#include "gateway_rig.hpp"

#include <caf/send.hpp>

namespace ccapi::actors::test {
namespace {

using domain::error_code;

class conversation_loss : public gateway_rig {};

TEST_F(conversation_loss, process_that_ends_behind_its_turn_is_left_to_nobody) {
  start();
  client first;
  client second;
  const auto turn = submit(first, "c", "one");
  cli(0).boot();
  world.pump();
  // The front end hears of the process's end before the conversation hears of the turn's.
  caf::anon_send(shard().front_end, process_ended{children[0].id});
  caf::anon_send(shard().conversations.records().front()->actor,
                 turn_ended{.turn = turn,
                            .process = children[0].id,
                            .outcome = turn_outcome::finished,
                            .answer = {domain::role::assistant, "1"},
                            .reusable = true,
                            .last_word = domain::turn_finished{}});
  world.pump();
  EXPECT_TRUE(first.finished);
  EXPECT_EQ(live_conversations(), 0U);
  reap(0);
  submit(second, "c", "two");
  ASSERT_EQ(children.size(), 2U) << "the turn is stuck";
  boot_with_history(1, "one", "1");
  next_turn(1, "two", "2");
  EXPECT_EQ(second.text, "2");
}

TEST_F(conversation_loss, turn_in_the_mail_of_a_killed_conversation_ends) {
  start();
  client first;
  client in_the_mail;
  client later;
  submit(first, "c", "one");
  first_turn(0, "one", "1");
  gateway().submit(request("c", "two"), in_the_mail.make_sink());
  caf::anon_send_exit(shard().conversations.records().front()->actor, caf::exit_reason::kill);
  world.pump();
  EXPECT_EQ(in_the_mail.failure(), error_code::internal);
  EXPECT_EQ(in_the_mail.terminals, 1U);
  reap_ended();
  submit(later, "c", "three");
  EXPECT_FALSE(later.over()) << "a new actor took it";
}

TEST_F(conversation_loss, conversation_that_is_killed_leaves_no_client_waiting) {
  settings.claude.max_concurrent_sessions = 1;
  start();
  client busy;
  client first;
  client second;
  client later;
  submit(busy, "a", "q");
  submit(first, "b", "one");
  submit(second, "b", "two");
  caf::anon_send_exit(shard().conversations.records().front()->actor, caf::exit_reason::kill);
  world.pump();
  EXPECT_EQ(first.failure(), error_code::internal);
  EXPECT_EQ(second.failure(), error_code::internal);
  submit(later, "b", "three");
  EXPECT_FALSE(later.over()) << "a new actor took it";
  first_turn(0, "q", "a");
  reap_ended();
  reap_ended();
  first_turn(children.size() - 1, "three", "3");
  EXPECT_EQ(later.text, "3");
}

TEST_F(conversation_loss, killed_conversation_takes_its_process_along) {
  start();
  client running;
  submit(running, "a", "q");
  cli(0).boot();
  world.pump();
  caf::anon_send_exit(shard().conversations.records().front()->actor, caf::exit_reason::kill);
  world.pump();
  EXPECT_TRUE(running.over());
  EXPECT_TRUE(cli(0).input_closed());
  EXPECT_EQ(figures().processes_busy, 0U);
}

TEST_F(conversation_loss, turn_that_came_to_nothing_leaves_no_record) {
  start();
  client refused;
  drain();
  submit(refused, "c", "q");
  EXPECT_EQ(refused.failure(), error_code::draining);
  EXPECT_EQ(shard().conversations.size(), 0U);
}

TEST_F(conversation_loss, forgotten_conversation_leaves_no_memory_behind) {
  settings.conversation.stored_max = 1;
  settings.claude.use_interactive_sessions = true;
  start();
  client first;
  submit(first, "a", "one");
  const std::weak_ptr<conversation_record> watched{shard().conversations.records().front()};
  first_turn(0, "one", "1");
  reap(0); // no process, no actor
  EXPECT_EQ(live_conversations(), 0U);
  client other;
  submit(other, "b", "two");
  EXPECT_EQ(shard().conversations.size(), 1U);
  EXPECT_TRUE(watched.expired()) << "the bound on transcripts counts all there are";
}

} // namespace
} // namespace ccapi::actors::test
