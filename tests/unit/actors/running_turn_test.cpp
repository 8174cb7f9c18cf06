#include "actors/turns/running_turn.hpp"
#include "recording_sink.hpp"

#include <gtest/gtest.h>

namespace ccapi::actors::test {
namespace {

running_turn make_turn(client& from, const config::limits_settings& limits) {
  return running_turn{{.turn = 1, .request_id = "r", .sink = from.make_sink()}, limits};
}

TEST(running_turn, client_hears_one_terminal_event_and_nothing_after_it) {
  const config::limits_settings limits;
  client asker;
  auto turn = make_turn(asker, limits);
  turn.deliver(domain::text_delta{"a"});
  turn.deliver(domain::turn_finished{});
  EXPECT_EQ(asker.flushes, 1U) << "the end is flushed at once";
  turn.deliver(domain::text_delta{"b"});
  turn.fail({.code = domain::error_code::timeout});
  turn.flush();
  EXPECT_EQ(asker.terminals, 1U);
  EXPECT_EQ(asker.text, "a");
  EXPECT_EQ(asker.flushes, 1U);
  const auto report = turn.report(7, true);
  EXPECT_EQ(report.outcome, turn_outcome::finished);
  EXPECT_EQ(domain::plain_text(report.answer), "a");
  EXPECT_FALSE(report.failure);
}

TEST(running_turn, lost_turn_is_kept_from_a_client_that_has_seen_nothing) {
  const config::limits_settings limits;
  client asker;
  auto turn = make_turn(asker, limits);
  turn.deliver(domain::answer_started{"a model"});
  turn.lose({.code = domain::error_code::upstream_crash});
  EXPECT_FALSE(asker.over());
  auto report = turn.report(7, false);
  EXPECT_EQ(report.outcome, turn_outcome::lost);
  EXPECT_EQ(report.failure->code, domain::error_code::upstream_crash);
  EXPECT_TRUE(report.started);
}

TEST(running_turn, lost_turn_ends_for_a_client_that_has_seen_a_thought) {
  const config::limits_settings limits;
  client asker;
  auto turn = make_turn(asker, limits);
  turn.deliver(domain::reasoning_delta{"hm"});
  turn.lose({.code = domain::error_code::upstream_crash});
  const auto report = turn.report(7, false);
  EXPECT_EQ(report.outcome, turn_outcome::failed);
  ASSERT_TRUE(report.last_word);
  EXPECT_EQ(std::get<domain::turn_failed>(*report.last_word).failure.code,
            domain::error_code::upstream_crash);
}

TEST(running_turn, loss_behind_the_end_changes_nothing) {
  const config::limits_settings limits;
  client asker;
  auto turn = make_turn(asker, limits);
  turn.deliver(domain::turn_finished{});
  turn.lose({.code = domain::error_code::upstream_crash});
  EXPECT_EQ(turn.report(7, false).outcome, turn_outcome::finished);
}

TEST(running_turn, second_run_does_not_start_the_answer_again) {
  const config::limits_settings limits;
  client asker;
  running_turn again{{.turn = 1, .request_id = "r", .sink = asker.make_sink(), .started = true},
                     limits};
  again.deliver(domain::answer_started{"a model"});
  EXPECT_EQ(asker.events, 0U);
}

TEST(running_turn, client_that_left_makes_the_turn_cancelled) {
  const config::limits_settings limits;
  client asker;
  auto turn = make_turn(asker, limits);
  turn.deliver(domain::text_delta{"a"});
  turn.abandon();
  EXPECT_TRUE(asker.sink.expired());
  turn.deliver(domain::text_delta{"b"});
  turn.flush();
  turn.fail({});
  EXPECT_EQ(turn.report(7, false).outcome, turn_outcome::cancelled);
}

TEST(running_turn, client_that_leaves_behind_the_end_changes_nothing) {
  const config::limits_settings limits;
  client asker;
  auto turn = make_turn(asker, limits);
  turn.deliver(domain::turn_finished{});
  turn.abandon();
  EXPECT_EQ(turn.report(7, false).outcome, turn_outcome::finished);
}

TEST(running_turn, credit_counts_reasoning_and_text) {
  config::limits_settings limits;
  limits.stream_buffer_bytes = 4;
  client asker;
  auto turn = make_turn(asker, limits);
  EXPECT_EQ(turn.deliver(domain::answer_started{"a model"}), delivery::go_on);
  EXPECT_EQ(turn.deliver(domain::text_delta{"ab"}), delivery::go_on);
  EXPECT_EQ(turn.deliver(domain::reasoning_delta{"cd"}), delivery::pause);
  EXPECT_FALSE(turn.grant(0));
  EXPECT_TRUE(turn.grant(1));
  EXPECT_EQ(turn.deliver(domain::text_delta{"e"}), delivery::pause);
  EXPECT_TRUE(turn.grant(100)) << "more than was used is no debt";
  EXPECT_EQ(turn.deliver(domain::text_delta{"fghi"}), delivery::pause);
}

} // namespace
} // namespace ccapi::actors::test
