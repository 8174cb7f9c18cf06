#include "actors/turns/running_turn.hpp"
#include "recording_sink.hpp"

#include <gtest/gtest.h>

namespace ccapi::actors::test {
namespace {

/// Wants the answer to be "[yes]".
class yes_format final : public domain::answer_format {
public:
  yes_format()
    : answer_format{domain::api_schema{}} {}
  [[nodiscard]] std::optional<std::string> flaw_of(std::string_view answer) const override {
    return answer == "[yes]" ? std::nullopt : std::optional<std::string>{"$ must be yes"};
  }
};

running_turn formatted_turn(client& from, const config::limits_settings& limits, bool whole) {
  return running_turn{{.turn = 1,
                       .request_id = "r",
                       .sink = from.make_sink(),
                       .format = std::make_shared<const yes_format>(),
                       .in_one_piece = whole},
                      limits};
}

running_turn make_turn(client& from, const config::limits_settings& limits) {
  return running_turn{{.turn = 1, .request_id = "r", .sink = from.make_sink()}, limits};
}

running_turn calling_turn(client& from, const config::limits_settings& limits) {
  return running_turn{{.turn = 1, .request_id = "r", .sink = from.make_sink(), .must_call = true},
                      limits};
}

TEST(running_turn, text_of_an_answer_that_must_call_waits_for_the_call) {
  const config::limits_settings limits;
  client asker;
  auto turn = calling_turn(asker, limits);
  turn.deliver(domain::text_delta{"Let me "});
  turn.deliver(domain::text_delta{"see."});
  EXPECT_EQ(asker.text, "");
  turn.deliver(domain::tool_call_started{0, "toolu_1", "look"});
  EXPECT_EQ(asker.text, "Let me see.");
  turn.deliver(domain::tool_input_delta{0, "{}"});
  turn.conclude(domain::turn_finished{domain::finish_reason::tool_calls, {}, {}});
  const auto report = turn.report(1, true);
  EXPECT_EQ(report.outcome, turn_outcome::finished);
  ASSERT_EQ(report.answer.content.size(), 2U);
  EXPECT_EQ(domain::plain_text(report.answer), "Let me see.");
}

TEST(running_turn, answer_without_the_call_it_must_have_is_not_shown) {
  const config::limits_settings limits;
  client asker;
  auto turn = calling_turn(asker, limits);
  turn.deliver(domain::text_delta{"No."});
  turn.conclude(domain::turn_finished{});
  const auto report = turn.report(1, true);
  EXPECT_EQ(asker.text, "");
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->code, domain::error_code::tool_choice_not_honoured);
  EXPECT_EQ(domain::plain_text(report.answer), "No.") << "its process holds it";
}

TEST(running_turn, answer_that_is_cut_ahead_of_its_call_is_shown) {
  const config::limits_settings limits;
  client asker;
  auto turn = calling_turn(asker, limits);
  turn.deliver(domain::text_delta{"Let me"});
  turn.conclude(domain::turn_finished{domain::finish_reason::length, {}, {}});
  EXPECT_EQ(asker.text, "Let me");
  EXPECT_EQ(turn.outcome(), turn_outcome::finished);
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

TEST(running_turn, what_it_cost_is_told_with_its_end) {
  const config::limits_settings limits;
  client asker;
  auto turn = make_turn(asker, limits);
  turn.conclude(domain::turn_finished{
    .reason = domain::finish_reason::stop, .usage = {.input_tokens = 3}, .model = {}});
  const auto report = turn.report(7, true, 0, 0, 1309);
  EXPECT_EQ(report.usage, (domain::usage{.input_tokens = 3, .cost_micro_usd = 1309}));
  ASSERT_TRUE(report.last_word);
  EXPECT_EQ(std::get<domain::turn_finished>(*report.last_word).usage, report.usage);
}

TEST(running_turn, one_that_failed_has_cost_something_too) {
  const config::limits_settings limits;
  client asker;
  auto turn = make_turn(asker, limits);
  turn.fail({.code = domain::error_code::timeout});
  const auto report = turn.report(7, false, 0, 0, 42);
  EXPECT_EQ(report.usage.cost_micro_usd, 42);
  EXPECT_EQ(std::get<domain::turn_failed>(*report.last_word).usage.cost_micro_usd, 42);
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

TEST(running_turn, a_streamed_answer_is_shown_as_it_comes_and_judged_in_the_end) {
  const config::limits_settings limits;
  client asker;
  auto turn = formatted_turn(asker, limits, false);
  turn.deliver(domain::text_delta{"```json\n[ye"});
  EXPECT_EQ(asker.text, "[ye");
  turn.deliver(domain::text_delta{"s]\n```"});
  turn.conclude(domain::turn_finished{});
  EXPECT_EQ(asker.text, "[yes]");
  EXPECT_EQ(turn.outcome(), turn_outcome::finished);

  auto other = formatted_turn(asker, limits, false);
  other.deliver(domain::text_delta{"no"});
  other.conclude(domain::turn_finished{domain::finish_reason::stop, {.output_tokens = 7}, {}});
  const auto report = other.report(7, true);
  EXPECT_EQ(report.outcome, turn_outcome::failed);
  EXPECT_EQ(report.failure->code, domain::error_code::invalid_structured_output);
  EXPECT_NE(report.failure->message.find("$ must be yes."), std::string::npos);
  EXPECT_EQ(domain::plain_text(report.answer), "no");
  EXPECT_EQ(report.usage.output_tokens, 7);
}

TEST(running_turn, a_whole_answer_is_shown_when_it_has_its_format) {
  const config::limits_settings limits;
  client asker;
  auto turn = formatted_turn(asker, limits, true);
  turn.deliver(domain::text_delta{"[y"});
  turn.deliver(domain::text_delta{"es]"});
  EXPECT_EQ(asker.text, "");
  turn.conclude(domain::turn_finished{});
  EXPECT_EQ(asker.text, "[yes]");

  client another;
  auto flawed = formatted_turn(another, limits, true);
  flawed.deliver(domain::text_delta{"no"});
  flawed.conclude(domain::turn_finished{});
  EXPECT_EQ(another.text, "");
  EXPECT_EQ(flawed.outcome(), turn_outcome::failed);
}

/// Wants one map, which the API is told of as a list.
class map_format final : public domain::answer_format {
public:
  map_format()
    : answer_format{domain::api_schema{}, "maps"} {}
  [[nodiscard]] std::optional<std::string> flaw_of(std::string_view answer) const override {
    return answer == R"({"a":1})" ? std::nullopt : std::optional<std::string>{"$ must be a map"};
  }
};

TEST(running_turn, lists_that_stand_for_maps_are_shown_judged_and_kept_as_maps) {
  const config::limits_settings limits;
  for (const bool whole : {false, true}) {
    client asker;
    running_turn turn{{.turn = 1,
                       .request_id = "r",
                       .sink = asker.make_sink(),
                       .format = std::make_shared<const map_format>(),
                       .in_one_piece = whole},
                      limits};
    turn.deliver(domain::text_delta{R"(```json
{"maps":[{"key":"a","val)"});
    EXPECT_EQ(asker.text, whole ? "" : R"({"a")");
    turn.deliver(domain::text_delta{R"(ue":1}]}
```)"});
    turn.conclude(domain::turn_finished{});
    EXPECT_EQ(asker.text, R"({"a":1})");
    const auto report = turn.report(1, true);
    EXPECT_EQ(report.outcome, turn_outcome::finished);
    EXPECT_EQ(domain::plain_text(report.answer), R"({"a":1})");
  }
}

TEST(running_turn, a_cut_answer_is_not_judged) {
  const config::limits_settings limits;
  for (const bool whole : {false, true}) {
    client asker;
    auto turn = formatted_turn(asker, limits, whole);
    turn.deliver(domain::text_delta{"[ye"});
    turn.conclude(domain::turn_finished{domain::finish_reason::length, {}, {}});
    EXPECT_EQ(asker.text, "[ye");
    EXPECT_EQ(turn.outcome(), turn_outcome::finished);
  }
}

TEST(running_turn, loss_of_a_whole_answer_is_kept_from_its_client) {
  const config::limits_settings limits;
  client asker;
  auto turn = formatted_turn(asker, limits, true);
  turn.deliver(domain::text_delta{"[ye"});
  turn.lose({.code = domain::error_code::upstream_crash});
  EXPECT_EQ(turn.outcome(), turn_outcome::lost);
}

} // namespace
} // namespace ccapi::actors::test
