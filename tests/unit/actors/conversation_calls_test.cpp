// Conversations that clients make, list, show and remove, beside turns.

#include "domain/dialogue/placement.hpp"
#include "gateway_rig.hpp"

#include <functional>

namespace ccapi::actors::test {
namespace {

using domain::conversation_info;
using domain::conversation_page;
using domain::error_code;
using domain::result;

class conversation_calls : public gateway_rig {
protected:
  /// What a call of the gateway answers; it must not do so from inside the call.
  template <class Value>
  result<Value> heard(const std::function<void(std::function<void(result<Value>)>)>& call) {
    std::optional<result<Value>> answer;
    call([&](result<Value> what) { answer.emplace(std::move(what)); });
    EXPECT_FALSE(answer.has_value()) << "called back from inside the call";
    world.pump();
    return answer ? *std::move(answer) : domain::error{.message = "no answer"};
  }
  result<conversation_info> create(const std::string& model, const std::string& tenant = "",
                                   std::size_t thread = 0) {
    return heard<conversation_info>([&](auto done) {
      gateway(thread).create_conversation(tenant, {.model = model, .labels = {{"k", "v"}}}, done);
    });
  }
  result<conversation_info> show(const std::string& id, const std::string& tenant = "",
                                 std::size_t thread = 0) {
    return heard<conversation_info>([&](auto done) {
      gateway(thread).show_conversation({tenant, id}, done);
    });
  }
  result<conversation_info> remove(const std::string& id, const std::string& tenant = "",
                                   std::size_t thread = 0) {
    return heard<conversation_info>([&](auto done) {
      gateway(thread).remove_conversation({tenant, id}, done);
    });
  }
  conversation_page list(std::size_t limit = 100, const std::string& tenant = "") {
    return *heard<conversation_page>([&](auto done) {
      gateway().list_conversations({.tenant = tenant, .limit = limit}, "", done);
    });
  }
};

TEST_F(conversation_calls, one_that_was_made_is_found_from_every_thread) {
  start(3);
  for (std::size_t thread = 0; thread < 3; ++thread) {
    const auto made = create("opus", "", thread);
    ASSERT_TRUE(made);
    EXPECT_EQ(made->model, "opus");
    EXPECT_EQ(made->message_count, 0U);
    EXPECT_EQ(made->labels, (domain::conversation_labels{{"k", "v"}}));
    for (std::size_t asker = 0; asker < 3; ++asker)
      EXPECT_EQ(show(made->id, "", asker)->id, made->id);
  }
  EXPECT_EQ(list().entries.size(), 3U);
  EXPECT_EQ(list(2).entries.size(), 2U);
  EXPECT_TRUE(list(2).more);
}

TEST_F(conversation_calls, counts_what_turns_add) {
  start(2);
  client first;
  client second;
  submit(first, "c", "one");
  EXPECT_EQ(show("c")->turn_count, 0U);
  first_turn(0, "one", "1");
  submit(second, "c", "two");
  next_turn(0, "two", "2");
  const auto now = show("c");
  EXPECT_EQ(now->turn_count, 2U);
  EXPECT_EQ(now->message_count, 4U);
  const auto counted = figures();
  EXPECT_GT(now->total_tokens, 0);
  EXPECT_EQ(now->total_tokens, counted.prompt_tokens + counted.completion_tokens);
  EXPECT_EQ(now->model, "sonnet");
  EXPECT_GE(now->updated_at, now->created_at);
}

TEST_F(conversation_calls, a_turn_that_names_no_model_gets_the_conversations) {
  start();
  const auto made = create("opus");
  client asker;
  auto turn = request(made->id, "q");
  turn.model_given = false;
  submit(asker, std::move(turn));
  ASSERT_EQ(children.size(), 1U);
  EXPECT_EQ(children[0].model, "opus");
  first_turn(0, "q", "a");
  EXPECT_EQ(asker.text, "a");
}

TEST_F(conversation_calls, a_turn_that_names_one_gets_that) {
  start();
  const auto made = create("opus");
  client asker;
  submit(asker, made->id, "q");
  EXPECT_EQ(children.at(0).model, "sonnet");
  first_turn(0, "q", "a");
  EXPECT_EQ(show(made->id)->model, "sonnet");
}

TEST_F(conversation_calls, what_is_unknown_is_not_found) {
  start(2);
  EXPECT_EQ(show("nobody").error().code, error_code::not_found);
  EXPECT_EQ(remove("nobody").error().message, "Conversation not found");
}

TEST_F(conversation_calls, another_tenants_conversation_is_unknown) {
  start(2);
  const auto mine = create("opus", "me");
  client asker;
  auto turn = request("c", "q");
  turn.tenant = "me";
  submit(asker, std::move(turn));
  first_turn(0, "q", "a");
  for (const auto& id : {mine->id, std::string{"c"}}) {
    EXPECT_EQ(show(id, "you").error().code, error_code::not_found);
    EXPECT_EQ(show(id).error().code, error_code::not_found);
    EXPECT_EQ(remove(id, "you").error().message, "Conversation not found");
    EXPECT_TRUE(show(id, "me"));
  }
  EXPECT_TRUE(list(100, "you").entries.empty());
  EXPECT_EQ(list(100, "me").entries.size(), 2U);
  // The same id elsewhere is a new dialogue with a process of its own.
  client other;
  turn = request("c", "q2");
  turn.tenant = "you";
  submit(other, std::move(turn));
  first_turn(1, "q2", "b");
  EXPECT_EQ(other.text, "b");
  EXPECT_EQ(show("c", "me")->message_count, 2U);
}

TEST_F(conversation_calls, removing_an_idle_one_ends_its_process) {
  start(2);
  client asker;
  submit(asker, "c", "q");
  first_turn(0, "q", "a");
  EXPECT_EQ(remove("c")->turn_count, 1U);
  EXPECT_TRUE(cli(0).input_closed());
  EXPECT_EQ(live_conversations(), 0U);
  EXPECT_EQ(show("c").error().code, error_code::not_found);
  // The id is new again: nothing of the old dialogue is left.
  client next;
  submit(next, "c", "q2");
  first_turn(1, "q2", "b");
  EXPECT_EQ(show("c")->message_count, 2U);
}

TEST_F(conversation_calls, removing_a_busy_one_interrupts_its_turn_and_tells_all_who_wait) {
  start(2);
  client running;
  client waiting;
  submit(running, "c", "q");
  submit(waiting, "c", "q2");
  cli(0).boot();
  world.pump();
  cli(0).take_user();
  say(0, cli_lines::message_start() + cli_lines::text("half"));
  EXPECT_EQ(running.text, "half");
  ASSERT_TRUE(remove("c"));
  EXPECT_EQ(running.failure(), error_code::not_found);
  EXPECT_EQ(waiting.failure(), error_code::not_found);
  EXPECT_FALSE(running.failed->retry_useful);
  cli(0).take_control("interrupt");
  say(0, cli_lines::text("late") + cli_lines::interrupted_result());
  say(0, cli_lines::rewound(cli(0).take_control("rewind_conversation")));
  EXPECT_EQ(running.text, "half");
  EXPECT_TRUE(cli(0).input_closed());
  reap_ended();
  EXPECT_EQ(figures().processes_live, 0U);
}

TEST_F(conversation_calls, removing_one_that_waits_for_a_process_gives_its_place_back) {
  settings.claude.max_concurrent_sessions = 1;
  start();
  client busy;
  client waiting;
  client next;
  submit(busy, "busy", "q");
  submit(waiting, "c", "q");
  EXPECT_EQ(figures().queue_length, 1U);
  ASSERT_TRUE(remove("c"));
  EXPECT_EQ(waiting.failure(), error_code::not_found);
  EXPECT_EQ(figures().queue_length, 0U);
}

TEST_F(conversation_calls, a_client_may_leave_while_its_conversation_is_removed) {
  start(2);
  client asker;
  const auto turn = submit(asker, "c", "q");
  gateway().remove_conversation({"", "c"}, [](const result<conversation_info>&) {});
  gateway().cancel(turn);
  world.pump();
  EXPECT_EQ(show("c").error().code, error_code::not_found);
  EXPECT_TRUE(asker.sink.expired());
}

} // namespace
} // namespace ccapi::actors::test
