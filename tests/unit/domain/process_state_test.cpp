// The table of a process's life, row by row.

#include "domain/pool/process_state.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace ccapi::domain {
namespace {

using s = process_state;
using t = process_trigger;
using a = process_action;

std::vector<s> all_states() {
  std::vector<s> states;
  for (std::size_t i = 0; i < process_state_count; ++i)
    states.push_back(static_cast<s>(i));
  return states;
}

std::vector<t> all_triggers() {
  std::vector<t> triggers;
  for (std::size_t i = 0; i < process_trigger_count; ++i)
    triggers.push_back(static_cast<t>(i));
  return triggers;
}

void expect_step(s now, t what, s next, a action) {
  const auto step = next_step(now, what);
  EXPECT_EQ(step.next, next) << to_string(now) << " x " << to_string(what) << " went to "
                             << to_string(step.next);
  EXPECT_EQ(step.action, action) << to_string(now) << " x " << to_string(what);
}

TEST(process_state, a_first_turn_goes_through_boot_and_configuration) {
  expect_step(s::spawning, t::turn_ordered, s::spawning, a::keep_order);
  expect_step(s::spawning, t::boot_answered, s::booted, a::none);
  expect_step(s::booted, t::turn_ordered, s::configuring, a::configure);
  expect_step(s::configuring, t::configured, s::turn, a::begin_turn);
  expect_step(s::turn, t::turn_ended, s::idle, a::rest);
}

TEST(process_state, an_idle_process_takes_the_next_turn_at_once) {
  expect_step(s::idle, t::turn_ordered, s::turn, a::begin_turn);
}

TEST(process_state, an_inexact_history_retires_the_process) {
  expect_step(s::turn, t::turn_spoiled, s::closing, a::end_turn_close);
  expect_step(s::interrupting, t::turn_ended, s::closing, a::end_turn_close);
  expect_step(s::interrupting, t::turn_spoiled, s::closing, a::end_turn_close);
}

TEST(process_state, a_turn_that_can_be_undone_is_taken_back_before_the_next) {
  expect_step(s::turn, t::turn_undone, s::rewinding, a::send_rewind);
  expect_step(s::interrupting, t::turn_undone, s::rewinding, a::send_rewind);
  expect_step(s::rewinding, t::rewound, s::idle, a::rest);
  expect_step(s::rewinding, t::turn_spoiled, s::closing, a::end_turn_close);
  expect_step(s::rewinding, t::deadline, s::closing, a::fail_close);
  expect_step(s::rewinding, t::interrupt, s::rewinding, a::none);
}

TEST(process_state, an_interrupt_asks_once_and_then_waits) {
  expect_step(s::turn, t::interrupt, s::interrupting, a::send_interrupt);
  expect_step(s::turn, t::deadline, s::interrupting, a::send_interrupt);
  expect_step(s::interrupting, t::interrupt, s::interrupting, a::none);
  expect_step(s::interrupting, t::deadline, s::closing, a::fail_close);
}

TEST(process_state, an_interrupt_before_the_user_line_ends_the_process) {
  expect_step(s::spawning, t::interrupt, s::closing, a::fail_close);
  expect_step(s::configuring, t::interrupt, s::closing, a::fail_close);
}

TEST(process_state, calls_without_results_park_a_process) {
  expect_step(s::turn, t::turn_parked, s::parked, a::rest);
  expect_step(s::parked, t::turn_ordered, s::turn, a::begin_turn);
  expect_step(s::parked, t::deadline, s::closing, a::begin_close);
  expect_step(s::parked, t::close, s::closing, a::begin_close);
  expect_step(s::parked, t::interrupt, s::parked, a::none);
  expect_step(s::parked, t::defect, s::closing, a::fail_close);
}

TEST(process_state, only_an_idle_or_parked_process_can_be_retired) {
  for (const auto state : all_states()) {
    const auto step = next_step(state, t::retire);
    if (state == s::idle || state == s::booted || state == s::parked) {
      EXPECT_EQ(step.action, a::begin_close) << to_string(state);
    } else {
      EXPECT_EQ(step.next, state) << to_string(state);
      EXPECT_EQ(step.action, a::none) << to_string(state);
    }
  }
}

TEST(process_state, a_turn_is_never_lost_by_a_process_that_can_not_take_it) {
  for (const auto state :
       {s::configuring, s::turn, s::interrupting, s::rewinding, s::closing, s::gone})
    EXPECT_EQ(next_step(state, t::turn_ordered).action, a::bounce_order) << to_string(state);
}

TEST(process_state, a_result_without_a_turn_ends_the_process) {
  for (const auto state : {s::booted, s::idle})
    for (const auto what : {t::turn_ended, t::turn_spoiled})
      expect_step(state, what, s::closing, a::fail_close);
}

TEST(process_state, closing_only_escalates_or_ends) {
  for (const auto what : all_triggers()) {
    const auto step = next_step(s::closing, what);
    if (what == t::exited)
      EXPECT_EQ(step.next, s::gone);
    else
      EXPECT_EQ(step.next, s::closing) << to_string(what);
  }
  expect_step(s::closing, t::deadline, s::closing, a::escalate);
  expect_step(s::closing, t::exited, s::gone, a::report_gone);
}

TEST(process_state, every_living_state_ends_with_the_child_and_fails_its_turn) {
  for (const auto state : all_states())
    if (state != s::closing && state != s::gone)
      expect_step(state, t::exited, s::gone, a::fail_gone);
}

TEST(process_state, a_defect_ends_every_living_process) {
  for (const auto state : all_states())
    if (state != s::closing && state != s::gone)
      expect_step(state, t::defect, s::closing, a::fail_close);
}

TEST(process_state, gone_is_final) {
  for (const auto what : all_triggers())
    EXPECT_EQ(next_step(s::gone, what).next, s::gone) << to_string(what);
}

} // namespace
} // namespace ccapi::domain
