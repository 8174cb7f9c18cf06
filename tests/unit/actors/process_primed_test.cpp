// claude_process over a child that was told something before its first turn was known.

#include "process_rig.hpp"

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

class process_primed : public process_rig {
protected:
  process_primed() {
    primed = claude::priming_for("You cook.", claude::version{2, 1, 330});
    EXPECT_TRUE(primed);
  }
  /// The child's answer to what it was told ahead.
  std::string answers_ahead() {
    const auto version = cli_lines::version(cli.take_control("get_binary_version"));
    const auto prompt = cli_lines::accepted(cli.take_control("initialize"));
    EXPECT_EQ(cli.take_user(true), "Hello.");
    return version + prompt + cli_lines::result();
  }
  void order_and_answer() {
    order(asker, "q", {}, "You cook.");
    say(cli_lines::rewound(cli.take_control("rewind_conversation")));
    EXPECT_EQ(cli.take_user(), "q");
    say(cli_lines::answer("ok"));
    EXPECT_EQ(asker.text, "ok");
    EXPECT_EQ(only_end().rewindable, 1U) << "the message told ahead does not count";
  }

  client asker;
};

TEST_F(process_primed, is_not_told_its_prompt_again) {
  start();
  say(answers_ahead());
  order_and_answer();
  EXPECT_EQ(boots.size(), 1U);
}

TEST_F(process_primed, takes_the_message_back_only_when_it_was_taken) {
  start();
  order(asker, "q", {}, "You cook.");
  const auto all = answers_ahead();
  const auto result = all.find("\n", all.find("\n") + 1) + 1; // behind version and prompt
  say(all.substr(0, result));
  EXPECT_TRUE(cli.silent());
  say(all.substr(result));
  say(cli_lines::rewound(cli.take_control("rewind_conversation")));
  EXPECT_EQ(cli.take_user(), "q");
  say(cli_lines::answer("ok"));
}

TEST_F(process_primed, without_a_message_it_begins_at_once) {
  primed = claude::priming_for("You cook.", claude::version{2, 1, 197});
  ASSERT_TRUE(primed);
  start();
  say(cli_lines::version(cli.take_control("get_binary_version"), "2.1.197"));
  say(cli_lines::accepted(cli.take_control("initialize")));
  order(asker, "q", {}, "You cook.");
  EXPECT_EQ(cli.take_user(), "q");
  say(cli_lines::answer("ok"));
  EXPECT_EQ(asker.text, "ok");
}

TEST_F(process_primed, history_is_told_behind_what_was_taken_back) {
  start();
  say(answers_ahead());
  order(asker, "q", {asked("a"), answered("b")}, "You cook.");
  say(cli_lines::rewound(cli.take_control("rewind_conversation")));
  EXPECT_EQ(cli.take_user(true), "a");
  say(cli_lines::result());
  EXPECT_EQ(cli.take_assistant(), "b");
  EXPECT_EQ(cli.take_user(), "q");
  say(cli_lines::answer("ok"));
}

TEST_F(process_primed, one_that_does_not_forget_gives_the_turn_back) {
  start();
  say(answers_ahead());
  order(asker, "q", {}, "You cook.");
  say(cli_lines::rewound(cli.take_control("rewind_conversation"), false));
  EXPECT_EQ(only_end().outcome, turn_outcome::not_started);
  EXPECT_EQ(asker.events, 0U);
  EXPECT_EQ(spoiled, 1U);
  EXPECT_TRUE(cli.input_closed());
}

TEST_F(process_primed, client_that_leaves_meanwhile_costs_the_process) {
  start();
  cancel(order(asker, "q", {}, "You cook."));
  EXPECT_EQ(only_end().outcome, turn_outcome::cancelled);
  EXPECT_TRUE(cli.input_closed());
}

} // namespace
} // namespace ccapi::actors::test
