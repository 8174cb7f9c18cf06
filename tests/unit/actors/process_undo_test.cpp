// claude_process: a turn that came to nothing is taken out of the CLI's history, and the process
// lives on.

#include "process_rig.hpp"

namespace ccapi::actors::test {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

class process_undo : public process_rig {
protected:
  /// A turn that is interrupted by its client, up to the question to take it back.
  std::string cancelled_turn() {
    client asker;
    const auto turn = order(asker, "q");
    cli.take_user();
    say(cli_lines::message_start() + cli_lines::text("half"));
    cancel(turn);
    cli.take_control("interrupt");
    say(cli_lines::interrupted_result());
    return cli.take_control("rewind_conversation");
  }
};

TEST_F(process_undo, interrupted_turn_is_taken_back_and_the_next_one_follows) {
  start_booted();
  const auto question = cancelled_turn();
  EXPECT_TRUE(ends.empty()) << "not before the history is exact";
  EXPECT_FALSE(probe().idle);
  EXPECT_FALSE(retire());
  say(cli_lines::rewound(question));
  EXPECT_EQ(only_end().outcome, turn_outcome::cancelled);
  EXPECT_EQ(domain::plain_text(only_end().answer), "half");
  EXPECT_TRUE(only_end().reusable);
  EXPECT_TRUE(probe().idle);
  run_turn_to_end("next", "answer");
  EXPECT_EQ(left_service, 0U);
}

TEST_F(process_undo, death_meanwhile_ends_the_turn_as_it_was) {
  start_booted();
  cancelled_turn();
  cli.die();
  world.pump();
  EXPECT_EQ(only_end().outcome, turn_outcome::cancelled);
  EXPECT_FALSE(only_end().reusable);
}

TEST_F(process_undo, rejected_question_is_taken_back) {
  client asker;
  start_booted();
  order(asker, "poison");
  cli.take_user();
  say(cli_lines::error_result(400, "no"));
  const auto question = cli.take_control("rewind_conversation");
  EXPECT_FALSE(asker.over()) << "if it goes on at once it must find its conversation at rest";
  say(cli_lines::rewound(question));
  EXPECT_EQ(asker.failure(), error_code::invalid_request);
  EXPECT_EQ(only_end().outcome, turn_outcome::failed);
  EXPECT_TRUE(only_end().reusable);
}

TEST_F(process_undo, client_hears_of_its_error_even_if_it_is_never_taken_back) {
  settings.claude.interrupt_timeout = 30ms;
  client asker;
  start_booted();
  order(asker, "poison");
  cli.take_user();
  say(cli_lines::error_result(400, "no"));
  ASSERT_TRUE(world.pump_until([&] { return asker.over(); }));
  EXPECT_EQ(asker.failure(), error_code::invalid_request);
  EXPECT_FALSE(only_end().reusable);
}

TEST_F(process_undo, process_whose_login_was_refused_is_not_kept) {
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say(cli_lines::error_result(401, "no"));
  EXPECT_FALSE(only_end().reusable);
  EXPECT_TRUE(cli.input_closed());
}

TEST_F(process_undo, a_long_wait_for_the_api_is_broken_off_and_taken_back) {
  settings.limits.stream_header_delay = 2s;
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  say(cli_lines::api_retry(429, 900));
  EXPECT_TRUE(cli.silent()) << "that one is short enough";
  say(cli_lines::api_retry(429, 7'000));
  cli.take_control("interrupt");
  say(cli_lines::interrupted_result());
  const auto question = cli.take_control("rewind_conversation");
  EXPECT_FALSE(asker.over());
  say(cli_lines::rewound(question));
  EXPECT_EQ(asker.failure(), error_code::rate_limited);
  EXPECT_EQ(only_end().outcome, turn_outcome::failed);
  EXPECT_TRUE(only_end().reusable);
  run_turn_to_end("next", "answer");
  EXPECT_EQ(left_service, 0U);
}

TEST_F(process_undo, a_continuation_behind_the_token_limit_changes_nothing) {
  client asker;
  start_booted();
  order(asker, "q");
  cli.take_user();
  // The CLI was faster: by the interrupt it had asked again, or even ended the turn.
  say(cli_lines::message_start() + cli_lines::text("cut") + cli_lines::message_delta("max_tokens")
      + cli_lines::message_start() + cli_lines::text("MORE") + cli_lines::message_delta()
      + cli_lines::result());
  cli.take_control("interrupt");
  say(cli_lines::rewound(cli.take_control("rewind_conversation")));
  EXPECT_EQ(asker.text, "cut");
  EXPECT_EQ(only_end().outcome, turn_outcome::finished);
  EXPECT_EQ(domain::plain_text(only_end().answer), "cut");
  EXPECT_TRUE(only_end().reusable);
  EXPECT_TRUE(only_end().rewound);
}

TEST_F(process_undo, first_turn_of_an_older_version_is_not_taken_back) {
  client asker;
  start();
  say(cli_lines::version(cli.take_control("get_binary_version"), "2.1.197"));
  const auto turn = order(asker, "q");
  cli.take_user();
  cancel(turn);
  cli.take_control("interrupt");
  say(cli_lines::interrupted_result());
  EXPECT_FALSE(only_end().reusable);
  EXPECT_TRUE(cli.input_closed());
}

} // namespace
} // namespace ccapi::actors::test
