// Requests that bring their whole dialogue, and the processes that they meet.

#include "gateway_rig.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <utility>

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;
using domain::match_outcome;

class matching : public gateway_rig {
protected:
  /// A request without an id: user and assistant in turns, a user's message at the end.
  static domain::chat_request whole(const std::vector<std::string>& texts,
                                    const std::string& tenant = {}) {
    domain::chat_request made{.request_id = "req",
                              .tenant = tenant,
                              .model = "sonnet",
                              .system_prompt = std::nullopt,
                              .messages = {},
                              .sampling = {},
                              .conversation_id = std::nullopt};
    for (const auto& text : texts)
      made.messages.push_back(
        {made.messages.size() % 2 == 0 ? domain::role::user : domain::role::assistant, text});
    return made;
  }
  static match_outcome outcome(const client& of) {
    return of.placed ? of.placed->outcome : match_outcome::fresh;
  }
  /// Runs a dialogue of two turns on the first child.
  void two_turns() {
    start();
    client first;
    submit(first, whole({"a"}));
    first_turn(0, "a", "b");
    client second;
    submit(second, whole({"a", "b", "c"}));
    next_turn(0, "c", "d");
    EXPECT_EQ(outcome(second), match_outcome::continued);
    EXPECT_EQ(first.conversation, second.conversation);
    line = first.conversation;
  }
  void take_rewind(std::size_t which, bool done = true) {
    say(which, cli_lines::rewound(cli(which).take_control("rewind_conversation"), done));
  }
  /// The first child begins an answer that is too long, is stopped and takes it back.
  void cut_answer(std::string_view begun) {
    say(0, cli_lines::message_start() + cli_lines::text(begun)
             + cli_lines::message_delta("max_tokens"));
    say(0, cli_lines::accepted(cli(0).take_control("interrupt")) + cli_lines::interrupted_result());
    take_rewind(0);
  }

  std::string line;
};

TEST_F(matching, resent_history_goes_on_in_the_same_process) {
  two_turns();
  client third;
  submit(third, whole({"a", "b \n", "c", "d", "e"}));
  next_turn(0, "e", "f");
  EXPECT_EQ(third.text, "f");
  EXPECT_EQ(children.size(), 1U);
  EXPECT_EQ(shard().conversations.size(), 1U);
  const auto figured = figures();
  EXPECT_EQ(figured.matches[static_cast<std::size_t>(match_outcome::fresh)], 1U);
  EXPECT_EQ(figured.matches[static_cast<std::size_t>(match_outcome::continued)], 2U);
}

TEST_F(matching, regenerated_answer_takes_the_last_turn_back_and_leaves_its_line) {
  two_turns();
  client again;
  submit(again, whole({"a", "b", "c"}));
  take_rewind(0);
  next_turn(0, "c", "D");
  EXPECT_EQ(outcome(again), match_outcome::rewound);
  EXPECT_NE(again.conversation, line);
  // Both lines go on from where they were; the old one has no process any more.
  client on_new;
  submit(on_new, whole({"a", "b", "c", "D", "e"}));
  next_turn(0, "e", "f");
  EXPECT_EQ(on_new.conversation, again.conversation);
  client on_old;
  submit(on_old, whole({"a", "b", "c", "d", "x"}));
  boot_with_history(1, "a", "b");
  EXPECT_EQ(cli(1).take_user(true), "c");
  say(1, cli_lines::result());
  EXPECT_EQ(cli(1).take_assistant(), "d");
  next_turn(1, "x", "y");
  EXPECT_EQ(on_old.conversation, line);
  EXPECT_EQ(outcome(on_old), match_outcome::seeded);
}

TEST_F(matching, refused_rewind_is_no_harm) {
  two_turns();
  client again;
  submit(again, whole({"a", "b", "x"}));
  take_rewind(0, false);
  boot_with_history(1, "a", "b");
  next_turn(1, "x", "y");
  EXPECT_EQ(again.text, "y");
  EXPECT_EQ(outcome(again), match_outcome::branched);
}

TEST_F(matching, running_turn_is_not_disturbed_by_another_with_the_same_beginning) {
  two_turns();
  client one;
  client two;
  submit(one, whole({"a", "b", "c", "d", "e"}));
  submit(two, whole({"a", "b", "c", "d", "E"}));
  EXPECT_EQ(cli(0).take_user(), "e");
  boot_with_history(1, "a", "b");
  EXPECT_EQ(cli(1).take_user(true), "c");
  say(1, cli_lines::result());
  EXPECT_EQ(cli(1).take_assistant(), "d");
  next_turn(1, "E", "2");
  say(0, cli_lines::answer("1"));
  EXPECT_EQ(one.text, "1");
  EXPECT_EQ(two.text, "2");
  EXPECT_EQ(one.conversation, line);
  EXPECT_NE(two.conversation, line);
}

TEST_F(matching, equal_dialogues_of_two_clients_have_a_process_each) {
  start();
  client one;
  client two;
  submit(one, whole({"a"}));
  submit(two, whole({"a"}));
  first_turn(0, "a", "b");
  first_turn(1, "a", "b");
  client three;
  client four;
  submit(three, whole({"a", "b", "c"}));
  submit(four, whole({"a", "b", "c"}));
  EXPECT_EQ(outcome(three), match_outcome::continued);
  EXPECT_EQ(outcome(four), match_outcome::continued);
  EXPECT_NE(three.conversation, four.conversation);
  EXPECT_EQ(children.size(), 2U);
  next_turn(0, "c", "1");
  next_turn(1, "c", "2");
}

TEST_F(matching, named_conversation_is_left_alone) {
  start();
  client named;
  submit(named, "mine", "a");
  first_turn(0, "a", "b");
  client other;
  submit(other, whole({"a", "b", "c"}));
  boot_with_history(1, "a", "b");
  next_turn(1, "c", "d");
  EXPECT_NE(other.conversation, "mine");
  client more;
  submit(more, "mine", "x");
  next_turn(0, "x", "y");
  EXPECT_EQ(more.conversation, "mine");
}

TEST_F(matching, tenants_do_not_meet) {
  two_turns();
  client stranger;
  submit(stranger, whole({"a", "b", "c", "d", "e"}, "other"));
  boot_with_history(1, "a", "b");
  EXPECT_EQ(outcome(stranger), match_outcome::seeded);
  EXPECT_TRUE(cli(0).silent());
}

TEST_F(matching, client_that_leaves_while_the_process_is_lent_leaves_nothing_behind) {
  two_turns();
  client again;
  const auto turn = gateway().submit(whole({"a", "b", "x"}), again.make_sink());
  gateway().cancel(turn);
  world.pump();
  reap_ended();
  EXPECT_EQ(figures().turns_active, 0U);
  client next;
  submit(next, whole({"a", "b", "c", "d", "e"}));
  boot_with_history(1, "a", "b");
  EXPECT_EQ(cli(1).take_user(true), "c");
  EXPECT_EQ(outcome(next), match_outcome::seeded) << "the transferred process has ended";
}

/// Goes on as soon as it hears the end of its answer.
class eager_client final : public domain::event_sink {
public:
  explicit eager_client(std::function<void()> go_on)
    : go_on_{std::move(go_on)} {}
  void on_event(domain::event&& what) override {
    if (domain::is_terminal(what))
      go_on_();
  }
  void on_flush() override {}

private:
  std::function<void()> go_on_;
};

TEST_F(matching, client_that_goes_on_at_once_finds_its_conversation_at_rest) {
  start();
  client first;
  submit(first, whole({"a"}));
  first_turn(0, "a", "b");
  client third;
  const auto go_on = [&] { gateway().submit(whole({"a", "b", "c", "d", "e"}), third.make_sink()); };
  gateway().submit(whole({"a", "b", "c"}), std::make_shared<eager_client>(go_on));
  world.pump();
  next_turn(0, "c", "d");
  next_turn(0, "e", "f");
  EXPECT_EQ(outcome(third), match_outcome::continued);
}

TEST_F(matching, client_whose_question_failed_finds_it_at_rest_too) {
  start();
  client first;
  submit(first, whole({"a"}));
  first_turn(0, "a", "b");
  client third;
  const auto go_on = [&] { gateway().submit(whole({"a", "b", "d"}), third.make_sink()); };
  gateway().submit(whole({"a", "b", "c"}), std::make_shared<eager_client>(go_on));
  world.pump();
  EXPECT_EQ(cli(0).take_user(), "c");
  say(0, cli_lines::error_result(400, "no"));
  take_rewind(0);
  next_turn(0, "d", "e");
  EXPECT_EQ(outcome(third), match_outcome::continued);
}

TEST_F(matching, answer_that_was_cut_is_told_with_the_next_turn) {
  start();
  client first;
  submit(first, whole({"a"}));
  first_turn(0, "a", "b");
  client second;
  submit(second, whole({"a", "b", "c"}));
  EXPECT_EQ(cli(0).take_user(), "c");
  cut_answer("ha");
  EXPECT_EQ(second.text, "ha");
  EXPECT_EQ(second.finished->reason, domain::finish_reason::length);
  client third;
  submit(third, whole({"a", "b", "c", "ha", "d"}));
  take_history(0, "c", "ha");
  next_turn(0, "d", "e");
  EXPECT_EQ(outcome(third), match_outcome::continued);
  EXPECT_EQ(third.conversation, first.conversation);
}

TEST_F(matching, first_answer_that_was_cut_leaves_its_process_to_its_dialogue) {
  start();
  client first;
  submit(first, whole({"a"}));
  cli(0).boot();
  world.pump();
  EXPECT_EQ(cli(0).take_user(), "a");
  cut_answer("ha");
  client second;
  submit(second, whole({"a", "ha", "b"}));
  take_history(0, "a", "ha");
  next_turn(0, "b", "c");
  EXPECT_EQ(second.conversation, first.conversation);
}

TEST_F(matching, process_that_dies_before_it_is_lent_is_replaced) {
  two_turns();
  client again;
  const auto turn = gateway().submit(whole({"a", "b", "x"}), again.make_sink());
  EXPECT_NE(turn, 0U);
  reap(0);
  boot_with_history(1, "a", "b");
  next_turn(1, "x", "y");
  EXPECT_EQ(again.text, "y");
}

TEST_F(matching, process_of_a_dialogue_that_nobody_goes_on_with_begins_the_next_one) {
  start();
  for (std::size_t i = 0; i < 8; ++i) {
    client once;
    submit(once, whole({"q" + std::to_string(i)}));
    first_turn(i, "q" + std::to_string(i), "a" + std::to_string(i));
  }
  world.advance(4s);
  client next;
  submit(next, whole({"next"}));
  EXPECT_EQ(children.size(), 8U);
  take_rewind(0);
  next_turn(0, "next", "a");
  EXPECT_EQ(outcome(next), match_outcome::fresh);
  // The first dialogue is still known, though it has lost its process.
  client back;
  submit(back, whole({"q0", "a0", "more"}));
  boot_with_history(8, "q0", "a0");
  next_turn(8, "more", "x");
  EXPECT_EQ(back.text, "x");
  client stranger;
  submit(stranger, whole({"next"}, "other"));
  EXPECT_EQ(children.size(), 10U) << "never another tenant's";
}

TEST_F(matching, dialogues_that_go_on_keep_their_processes) {
  start();
  for (std::size_t i = 0; i < 8; ++i) {
    client first;
    submit(first, whole({"q" + std::to_string(i)}));
    first_turn(i, "q" + std::to_string(i), "a");
    client second;
    submit(second, whole({"q" + std::to_string(i), "a", "more"}));
    next_turn(i, "more", "b");
  }
  world.advance(4s);
  client next;
  submit(next, whole({"next"}));
  EXPECT_EQ(children.size(), 9U);
}

TEST_F(matching, system_text_that_was_the_question_still_is_whichever_thread_it_comes_by) {
  start(3);
  std::size_t child = 0;
  for (const std::string question : {"a", "b", "c", "d", "e"}) {
    client first;
    auto alone = whole({question});
    alone.opening = domain::opening::asked;
    submit(first, alone, child % 3);
    first_turn(child, question, "x");
    client second;
    auto later = whole({question, "x", "y"});
    later.messages.erase(later.messages.begin());
    later.system_prompt = question;
    later.question_at = {0, question.size()};
    later.opening = domain::opening::open;
    submit(second, later, (child + 1) % 3);
    next_turn(child, "y", "z");
    EXPECT_EQ(outcome(second), match_outcome::continued);
    EXPECT_EQ(second.conversation, first.conversation);
    ASSERT_TRUE(second.placed);
    EXPECT_EQ(second.placed->dropped, std::vector<std::string>{"messages(system_as_user)"});
    ++child;
  }
}

TEST_F(matching, refused_branch_leaves_the_process_with_its_dialogue) {
  two_turns();
  shard().models->learn_refusal(shard().models->look_up("sonnet").id, "temperature");
  client refused;
  auto branch = whole({"a", "b", "x"});
  branch.strict = true;
  branch.sampling.temperature = 0.5;
  submit(refused, std::move(branch));
  EXPECT_EQ(refused.failure(), domain::error_code::unsupported_parameter);
  client third;
  submit(third, whole({"a", "b", "c", "d", "e"}));
  next_turn(0, "e", "f");
  EXPECT_EQ(third.conversation, line);
  EXPECT_EQ(outcome(third), match_outcome::continued);
}

TEST_F(matching, busy_named_conversation_can_take_the_newer_request) {
  settings.conversation.busy = config::busy_policy::interrupt;
  start();
  client one;
  submit(one, "mine", "a");
  first_turn(0, "a", "x");
  client two;
  submit(two, "mine", "b");
  EXPECT_EQ(cli(0).take_user(), "b");
  client three;
  submit(three, "mine", "c");
  EXPECT_EQ(two.failure(), domain::error_code::conversation_busy);
  say(0, cli_lines::accepted(cli(0).take_control("interrupt")) + cli_lines::interrupted_result());
  take_rewind(0);
  next_turn(0, "c", "z");
  EXPECT_EQ(three.text, "z");
}

} // namespace
} // namespace ccapi::actors::test
