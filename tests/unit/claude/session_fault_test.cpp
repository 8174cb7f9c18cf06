// session: turns that come to nothing, deadlines, and the way to the process's end.

#include "session_rig.hpp"

namespace ccapi::claude::test {
namespace {

using namespace std::chrono_literals;
using domain::error_code;
using domain::process_state;

class session_fault : public session_rig {
protected:
  const std::vector<session_step> fails{step::fail_turn, step::begin_close, step::terminate};
  const std::vector<session_step> breaks{step::report_defect, step::fail_turn, step::begin_close,
                                         step::terminate};

  void ask() {
    start();
    order("q");
    take_user();
  }
  /// The turn's client leaves; up to the question to take the turn back.
  std::string cancelled_turn() {
    say(cli_lines::message_start() + cli_lines::text("half"));
    core->cancel(now);
    collect();
    EXPECT_EQ(take_steps(), std::vector{step::read_on});
    take_control("interrupt");
    say(cli_lines::interrupted_result());
    return take_control("rewind_conversation");
  }
  void expect_lost(error_code why) {
    EXPECT_EQ(take_steps(), breaks);
    EXPECT_EQ(code(), why);
    EXPECT_TRUE(core->reason().process_lost);
  }
  void expect_given_up(error_code why) {
    EXPECT_EQ(take_steps(), breaks);
    EXPECT_EQ(code(), why);
    EXPECT_FALSE(core->reason().process_lost);
  }
};

// -- undone turns --------------------------------------------------------------------------------

TEST_F(session_fault, cancelled_turn_is_rewound_and_the_next_one_follows) {
  ask();
  const auto question = cancelled_turn();
  EXPECT_TRUE(take_steps().empty()) << "not before the history is exact";
  say(cli_lines::rewound(question));
  EXPECT_EQ(take_steps(), (std::vector{step::mark_rewound, step::rest}));
  EXPECT_EQ(core->rewindable(), 0U);
  run_turn("next");
}

TEST_F(session_fault, refused_or_failed_rewind_ends_the_process) {
  ask();
  say(cli_lines::rewound(cancelled_turn(), false));
  EXPECT_EQ(take_steps(), (std::vector{step::end_turn, step::begin_close}));
  ask();
  say(cli_lines::refused(cancelled_turn(), "unknown subtype"));
  EXPECT_EQ(take_steps(), (std::vector{step::end_turn, step::begin_close}));
}

TEST_F(session_fault, silence_after_an_interrupt_or_a_rewind_ends_the_process) {
  ask();
  core->cancel(now);
  collect();
  take_steps();
  wait(settings.claude.interrupt_timeout);
  EXPECT_EQ(core->state(), process_state::closing);
  ask();
  cancelled_turn();
  take_steps();
  wait(settings.claude.interrupt_timeout);
  EXPECT_EQ(core->state(), process_state::closing);
}

TEST_F(session_fault, first_turn_of_an_older_version_is_not_rewound) {
  start("2.1.197");
  order("q");
  core->cancel(now);
  collect();
  take_steps();
  say(cli_lines::interrupted_result());
  EXPECT_EQ(take_steps(), (std::vector{step::end_turn, step::begin_close}));
}

TEST_F(session_fault, cut_answer_is_interrupted_and_rewound) {
  ask();
  say(cli_lines::message_start() + cli_lines::text("half")
      + cli_lines::message_delta("max_tokens"));
  EXPECT_EQ(count<domain::turn_finished>(), 1U);
  EXPECT_EQ(take_steps(), std::vector{step::read_on});
  take_control("interrupt");
  say(cli_lines::message_start() + cli_lines::text("more") + cli_lines::interrupted_result());
  say(cli_lines::rewound(take_control("rewind_conversation")));
  EXPECT_EQ(take_steps(), (std::vector{step::mark_rewound, step::rest}));
  EXPECT_EQ(text(), "half");
}

TEST_F(session_fault, failure_says_whether_the_process_is_sound) {
  struct row {
    int status;
    bool sound;
  };
  for (const auto& [status, sound] : {row{400, true}, row{413, true}, row{429, true},
                                      row{529, true}, row{401, false}, row{500, false}}) {
    ask();
    say(cli_lines::error_result(status, "no"));
    EXPECT_EQ(core->state(), sound ? process_state::rewinding : process_state::closing) << status;
  }
}

TEST_F(session_fault, client_that_leaves_before_the_question_costs_the_process) {
  start();
  system_prompt = "prompt";
  order("q");
  core->cancel(now);
  collect();
  EXPECT_EQ(take_steps(), fails);
  EXPECT_EQ(code(), error_code::cancelled);

  start();
  system_prompt.clear();
  seed = {asked("a")};
  order("q");
  core->cancel(now);
  collect();
  EXPECT_EQ(take_steps(),
            (std::vector{step::read_on, step::fail_turn, step::begin_close, step::terminate}));
}

// -- deadlines -----------------------------------------------------------------------------------

TEST_F(session_fault, process_that_does_not_come_up_is_lost_in_time) {
  start_unbooted();
  order("q");
  wait(settings.claude.boot_timeout);
  EXPECT_EQ(take_steps(), (std::vector{step::report_defect, step::report_failed_boot,
                                       step::fail_turn, step::begin_close, step::terminate}));
  EXPECT_EQ(code(), error_code::cli_unavailable);
  EXPECT_TRUE(core->reason().why.retry_useful);
}

TEST_F(session_fault, turn_out_of_time_fails_at_once_and_then_the_process) {
  time_of_turn = 1s;
  ask();
  wait(1s);
  EXPECT_EQ(take_steps(), (std::vector{step::tell_failure, step::read_on}));
  EXPECT_EQ(code(), error_code::timeout);
  take_control("interrupt");
  wait(settings.claude.interrupt_timeout);
  EXPECT_EQ(core->state(), process_state::closing);
}

TEST_F(session_fault, answer_that_comes_after_the_time_does_not_save_the_process) {
  time_of_turn = 1s;
  ask();
  wait(1s);
  take_steps();
  say(cli_lines::answer("late"));
  EXPECT_EQ(take_steps(), (std::vector{step::end_turn, step::begin_close}));
}

TEST_F(session_fault, history_that_is_never_acknowledged_loses_the_process) {
  start();
  seed = {asked("a")};
  order("q");
  wait(settings.claude.control_timeout);
  expect_lost(error_code::timeout);
  EXPECT_EQ(core->reason().why.detail, "seeded line in state turn");
}

TEST_F(session_fault, silence_behind_the_question_loses_the_process) {
  ask();
  wait(settings.claude.first_event_timeout);
  expect_lost(error_code::timeout);
}

TEST_F(session_fault, late_words_on_what_came_before_do_not_count_as_an_answer) {
  ask();
  wait(settings.claude.first_event_timeout - 1ms);
  say(R"({"type":"system","subtype":"never_heard_of"})"
      "\n");
  wait(1ms);
  expect_lost(error_code::timeout);
}

TEST_F(session_fault, silence_inside_an_answer_loses_the_process) {
  ask();
  say(cli_lines::message_start() + cli_lines::text("half"));
  wait(settings.claude.event_idle_timeout - 1ms);
  EXPECT_TRUE(take_steps().empty());
  wait(1ms);
  expect_lost(error_code::timeout);
}

TEST_F(session_fault, silence_that_a_slow_client_makes_is_forgiven) {
  time_of_turn = 24h;
  ask();
  say(cli_lines::message_start() + cli_lines::text("half"));
  reading_paused = true;
  wait(10 * settings.claude.event_idle_timeout);
  reading_paused = false;
  core->on_reader_back(now);
  wait(settings.claude.event_idle_timeout - 1ms);
  EXPECT_TRUE(take_steps().empty());
  wait(1ms);
  expect_lost(error_code::timeout);
}

TEST_F(session_fault, process_at_rest_may_be_silent) {
  start();
  run_turn("q");
  EXPECT_EQ(core->wake_at(), session::time_point::max());
}

// -- a CLI that misbehaves -----------------------------------------------------------------------

TEST_F(session_fault, too_old_a_cli_is_refused_with_both_versions) {
  start_unbooted();
  order("q");
  say(cli_lines::version("gateway-1", "2.0.1"));
  EXPECT_EQ(core->state(), process_state::closing);
  EXPECT_EQ(code(), error_code::cli_unavailable);
  EXPECT_NE(core->reason().why.message.find("2.0.1"), std::string::npos);
  EXPECT_NE(core->reason().why.message.find(to_string(oldest_supported)), std::string::npos);
}

TEST_F(session_fault, refused_settings_and_history_are_given_up) {
  start();
  turn_settings.temperature = 0.5;
  order("q");
  say(cli_lines::refused(take_control("apply_flag_settings"), "unknown"));
  expect_given_up(error_code::upstream_error);

  start();
  turn_settings = {};
  seed = {asked("a")};
  order("q");
  say(cli_lines::error_result(400, "no"));
  expect_given_up(error_code::upstream_error);
}

TEST_F(session_fault, garbage_loses_the_process_when_it_does_not_stop) {
  ask();
  say("a\nb\n" + cli_lines::message_start() + "c\nd\n");
  EXPECT_TRUE(take_steps().empty());
  say("e\n");
  expect_lost(error_code::upstream_crash);
  EXPECT_EQ(core->malformed_lines(), 5U);
}

TEST_F(session_fault, result_without_a_turn_loses_the_process) {
  start();
  run_turn("q");
  say(cli_lines::result());
  EXPECT_EQ(take_steps(), (std::vector{step::report_defect, step::begin_close, step::terminate}));
}

TEST_F(session_fault, answer_beyond_the_limit_is_given_up_and_shown_no_further) {
  settings.limits.answer_bytes_max = 10;
  ask();
  say(cli_lines::message_start() + cli_lines::text("much too long"));
  expect_given_up(error_code::upstream_error);
  say(cli_lines::text("more"));
  EXPECT_EQ(text(), "much too long");
}

TEST_F(session_fault, answer_beyond_the_limit_may_come_with_its_end_in_one_line) {
  settings.limits.answer_bytes_max = 10;
  ask();
  say(cli_lines::whole_message("much too long", "max_tokens"));
  expect_given_up(error_code::upstream_error);
  EXPECT_EQ(count<domain::turn_finished>(), 0U);
}

TEST_F(session_fault, what_nobody_hears_breaks_no_limit) {
  settings.limits.answer_bytes_max = 10;
  ask();
  core->cancel(now);
  collect();
  take_steps();
  say(cli_lines::message_start() + cli_lines::text("much too long"));
  EXPECT_EQ(core->state(), process_state::interrupting);
}

TEST_F(session_fault, input_that_is_not_read_loses_the_process) {
  ask();
  core->on_input_full(now);
  collect();
  expect_lost(error_code::upstream_crash);
}

// -- the end -------------------------------------------------------------------------------------

TEST_F(session_fault, end_of_output_and_then_the_exit_fail_the_turn_once) {
  ask();
  core->on_output_end("end of output", now);
  collect();
  expect_lost(error_code::upstream_crash);
  EXPECT_FALSE(core->ends_as_wished());
  core->on_exit(true, now);
  collect();
  EXPECT_EQ(take_steps(), std::vector{step::leave});
  EXPECT_EQ(core->state(), process_state::gone);
}

TEST_F(session_fault, last_lines_of_a_dead_process_count) {
  ask();
  core->on_exit(false, now);
  collect();
  EXPECT_TRUE(take_steps().empty());
  say(cli_lines::answer("last words"));
  EXPECT_EQ(text(), "last words");
  EXPECT_EQ(take_steps(), std::vector{step::rest});
  wait(settings.claude.close_grace);
  EXPECT_EQ(take_steps(), std::vector{step::stop_reading});
}

TEST_F(session_fault, last_lines_are_not_waited_for_without_end) {
  ask();
  core->on_exit(false, now);
  collect();
  reading_paused = true; // a slow client still reads them
  wait(5 * settings.claude.close_grace);
  EXPECT_TRUE(take_steps().empty());
  reading_paused = false;
  wait(settings.claude.close_grace);
  EXPECT_EQ(take_steps(), std::vector{step::stop_reading});
  core->on_exit(true, now);
  collect();
  EXPECT_EQ(take_steps(), (std::vector{step::fail_turn, step::leave}));
  EXPECT_EQ(code(), error_code::upstream_crash);
}

TEST_F(session_fault, only_a_process_at_rest_retires) {
  ask();
  core->retire(now);
  collect();
  EXPECT_TRUE(take_steps().empty());
  say(cli_lines::answer("a"));
  take_steps();
  core->retire(now);
  collect();
  EXPECT_EQ(take_steps(), std::vector{step::begin_close});
  EXPECT_TRUE(core->ends_as_wished());
}

TEST_F(session_fault, close_gets_harder_step_by_step) {
  start();
  core->close({.code = error_code::draining}, now);
  collect();
  EXPECT_EQ(take_steps(), std::vector{step::begin_close});
  for (const auto next : {step::terminate, step::kill_tree, step::kill_shim, step::outlive}) {
    wait(settings.claude.close_grace - 1ms);
    EXPECT_TRUE(take_steps().empty());
    wait(1ms);
    EXPECT_EQ(take_steps(), std::vector{next});
  }
  EXPECT_EQ(core->wake_at(), session::time_point::max());
}

TEST_F(session_fault, answers_that_are_owed_do_not_shorten_the_grace) {
  settings.claude.interrupt_timeout = 10ms;
  start("2.1.197");
  order("q");
  core->cancel(now);
  collect();
  say(cli_lines::interrupted_result()); // the interrupt itself is never answered
  EXPECT_EQ(core->wake_at(), now + settings.claude.close_grace);
}

} // namespace
} // namespace ccapi::claude::test
