#include "domain/models/model_knowledge.hpp"
#include "domain/models/turn_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using mode = turn_settings::thinking_mode;

constexpr const char* always = "claude-opus-5-5";
constexpr const char* between = "claude-sonnet-5-5";
constexpr const char* adaptive = "claude-haiku-5-5";
constexpr const char* four_six = "claude-sonnet-4-6";
constexpr const char* budget = "claude-haiku-4-5";

settled_turn settled(const char* model, const chat_request& wish, refused_parameters refused = {},
                     thinking_default unasked = thinking_default::as_cli) {
  return settle(wish, traits_of(model), refused, unasked);
}

chat_request with_temperature(double value) {
  chat_request wish;
  wish.sampling.temperature = value;
  return wish;
}
chat_request with_top_p(double value) {
  chat_request wish;
  wish.sampling.top_p = value;
  return wish;
}
chat_request with_reasoning(reasoning_effort value) {
  chat_request wish;
  wish.reasoning = value;
  return wish;
}
chat_request with_max_tokens(std::int64_t value) {
  chat_request wish;
  wish.sampling.max_tokens = value;
  return wish;
}

TEST(settle_test, a_request_without_wishes_leaves_all_to_the_cli) {
  for (const auto* model : {always, between, adaptive, four_six, budget}) {
    EXPECT_EQ(settled(model, {}).settings, turn_settings{}) << model;
    EXPECT_THAT(settled(model, {}).dropped, IsEmpty());
  }
}

TEST(settle_test, a_temperature_is_dropped_and_named_where_the_model_takes_none) {
  for (const auto* model : {always, between, adaptive, "claude-opus-4-8", "sonnet"})
    for (const double value : {0.0, 0.7, 1.4}) {
      const auto made = settled(model, with_temperature(value));
      EXPECT_EQ(made.settings, turn_settings{}) << model;
      EXPECT_THAT(made.dropped, ElementsAre("temperature")) << model;
    }
}

TEST(settle_test, the_default_of_the_api_is_no_wish) {
  for (const auto* model : {always, four_six, budget}) {
    auto wish = with_temperature(1);
    wish.sampling.top_p = 1;
    EXPECT_EQ(settled(model, wish).settings, turn_settings{}) << model;
    EXPECT_THAT(settled(model, wish).dropped, IsEmpty()) << model;
  }
}

TEST(settle_test, a_temperature_turns_thinking_off_that_nobody_asked_for) {
  for (const auto* model : {four_six, budget}) {
    const auto made = settled(model, with_temperature(0));
    EXPECT_EQ(made.settings.thinking, mode::disabled) << model;
    EXPECT_THAT(made.settings.temperature, Optional(0.0)) << model;
    EXPECT_THAT(made.dropped, IsEmpty()) << model;
  }
}

TEST(settle_test, thinking_that_was_asked_for_goes_before_a_temperature) {
  auto wish = with_reasoning(reasoning_effort::high);
  wish.sampling.temperature = 0.2;
  const auto made = settled(four_six, wish);
  EXPECT_THAT(made.settings.effort, Optional(effort::high));
  EXPECT_EQ(made.settings.temperature, std::nullopt);
  EXPECT_THAT(made.dropped, ElementsAre("temperature"));
}

TEST(settle_test, a_temperature_above_one_is_cut_to_the_default) {
  const auto made = settled(budget, with_temperature(1.4));
  EXPECT_EQ(made.settings, turn_settings{});
  EXPECT_THAT(made.dropped, ElementsAre("temperature(clamped)"));
}

TEST(settle_test, of_temperature_and_top_p_the_temperature_wins) {
  auto wish = with_temperature(0.3);
  wish.sampling.top_p = 0.9;
  const auto made = settled(budget, wish);
  EXPECT_THAT(made.settings.temperature, Optional(0.3));
  EXPECT_EQ(made.settings.top_p, std::nullopt);
  EXPECT_THAT(made.dropped, ElementsAre("top_p"));
}

TEST(settle_test, a_high_top_p_goes_with_thinking) {
  EXPECT_EQ(settled(four_six, with_top_p(0.97)).settings.thinking, mode::as_usual);
  EXPECT_THAT(settled(four_six, with_top_p(0.97)).settings.top_p, Optional(0.97));
  EXPECT_EQ(settled(four_six, with_top_p(0.5)).settings.thinking, mode::disabled);
}

TEST(settle_test, no_reasoning_means_none_where_the_model_can_do_without) {
  const auto none = with_reasoning(reasoning_effort::none);
  EXPECT_EQ(settled(adaptive, none).settings.thinking, mode::disabled);
  EXPECT_EQ(settled(four_six, none).settings.thinking, mode::disabled);
  EXPECT_EQ(settled(budget, none).settings.thinking, mode::disabled);
  EXPECT_EQ(settled(between, none).settings.thinking, mode::between_tools);
  EXPECT_THAT(settled(between, none).dropped, IsEmpty());
  const auto made = settled(always, none);
  EXPECT_EQ(made.settings.thinking, mode::as_usual);
  EXPECT_THAT(made.settings.effort, Optional(effort::low));
  EXPECT_THAT(made.dropped, ElementsAre("reasoning_effort(low)"));
}

TEST(settle_test, efforts_are_mapped_to_what_the_model_has) {
  EXPECT_THAT(settled(always, with_reasoning(reasoning_effort::minimal)).settings.effort,
              Optional(effort::low));
  EXPECT_THAT(settled(always, with_reasoning(reasoning_effort::xhigh)).settings.effort,
              Optional(effort::xhigh));
  const auto lower = settled(four_six, with_reasoning(reasoning_effort::xhigh));
  EXPECT_THAT(lower.settings.effort, Optional(effort::high));
  EXPECT_THAT(lower.dropped, ElementsAre("reasoning_effort(high)"));
}

TEST(settle_test, models_without_efforts_get_budgets) {
  const auto tokens = [](reasoning_effort level) {
    const auto made = settled(budget, with_reasoning(level));
    EXPECT_THAT(made.dropped, IsEmpty());
    return made.settings.thinking_tokens;
  };
  EXPECT_EQ(tokens(reasoning_effort::minimal), 4096);
  EXPECT_EQ(tokens(reasoning_effort::low), 4096);
  EXPECT_EQ(tokens(reasoning_effort::medium), 16384);
  EXPECT_EQ(tokens(reasoning_effort::high), 0); // the CLI's own
}

TEST(settle_test, a_budget_leaves_room_for_an_answer) {
  auto wish = with_reasoning(reasoning_effort::high);
  wish.sampling.max_tokens = 8000;
  auto made = settled(budget, wish);
  EXPECT_EQ(made.settings.thinking, mode::budget);
  EXPECT_LT(made.settings.thinking_tokens, 8000);
  EXPECT_GE(made.settings.thinking_tokens, 1024);
  EXPECT_THAT(made.dropped, ElementsAre("reasoning_effort(3999 tokens)"));
  wish.sampling.max_tokens = 40;
  made = settled(budget, wish);
  EXPECT_EQ(made.settings.thinking, mode::disabled);
  EXPECT_THAT(made.dropped, ElementsAre("reasoning_effort"));
}

TEST(settle_test, few_tokens_are_for_the_answer) {
  EXPECT_EQ(settled(budget, with_max_tokens(31999)).settings.thinking, mode::disabled);
  EXPECT_EQ(settled(budget, with_max_tokens(32000)).settings.thinking, mode::as_usual);
  EXPECT_EQ(settled(adaptive, with_max_tokens(40)).settings.thinking, mode::disabled);
  EXPECT_EQ(settled(adaptive, with_max_tokens(4096)).settings.thinking, mode::as_usual);
  const auto made = settled(always, with_max_tokens(40));
  EXPECT_THAT(made.settings.effort, Optional(effort::low));
  EXPECT_THAT(made.settings.max_tokens, Optional(40));
  EXPECT_THAT(made.dropped, ElementsAre("reasoning_effort(low)"));
}

TEST(settle_test, max_tokens_beyond_the_model_is_cut_and_named) {
  const auto made = settled(budget, with_max_tokens(200'000));
  EXPECT_THAT(made.settings.max_tokens, Optional(64'000));
  EXPECT_THAT(made.dropped, ElementsAre("max_tokens(64000)"));
}

TEST(settle_test, blank_stop_sequences_are_dropped_and_named) {
  chat_request wish;
  // The API's white space is Unicode's: a no-break space, an ideographic one, a separator.
  wish.sampling.stop = {"\n", "END", " ", "", "\u00a0", "\u3000\t", "\x1c"};
  const auto made = settled(always, wish);
  EXPECT_THAT(made.settings.stop, ElementsAre("END"));
  EXPECT_THAT(made.dropped, ElementsAre("stop"));
}

TEST(settle_test, thinking_can_be_off_by_default) {
  const auto off = [](const char* model, const chat_request& wish) {
    return settled(model, wish, {}, thinking_default::off);
  };
  EXPECT_EQ(off(adaptive, {}).settings.thinking, mode::disabled);
  EXPECT_EQ(off(between, {}).settings.thinking, mode::between_tools);
  EXPECT_THAT(off(always, {}).settings.effort, Optional(effort::low));
  EXPECT_THAT(off(always, {}).dropped, IsEmpty());
  const auto asked = off(adaptive, with_reasoning(reasoning_effort::high));
  EXPECT_EQ(asked.settings.thinking, mode::as_usual);
}

TEST(settle_test, what_the_api_has_refused_is_left_out) {
  auto wish = with_temperature(0.2);
  wish.sampling.stop = {"END"};
  refused_parameters refused;
  EXPECT_TRUE(note_refused(refused, "temperature"));
  EXPECT_FALSE(note_refused(refused, "temperature"));
  EXPECT_TRUE(note_refused(refused, "stop_sequences"));
  EXPECT_FALSE(note_refused(refused, "messages"));
  const auto made = settled(budget, wish, refused);
  EXPECT_EQ(made.settings, turn_settings{});
  EXPECT_THAT(made.dropped, ElementsAre("stop", "temperature"));
}

TEST(settle_test, a_model_that_refuses_to_stop_thinking_goes_on_with_less) {
  refused_parameters refused;
  note_refused(refused, "thinking.type.disabled");
  const auto made = settled(adaptive, with_reasoning(reasoning_effort::none), refused);
  EXPECT_EQ(made.settings.thinking, mode::as_usual);
  EXPECT_THAT(made.settings.effort, Optional(effort::low));
  EXPECT_EQ(settled(four_six, with_temperature(0), refused).settings, turn_settings{});
}

TEST(settle_test, refusals_add_up) {
  refused_parameters one;
  refused_parameters other;
  note_refused(one, "temperature");
  note_refused(other, "effort");
  EXPECT_TRUE((one | other).temperature && (one | other).effort);
  EXPECT_EQ(one | refused_parameters{}, one);
}

TEST(model_knowledge_test, names_and_refusals_are_kept_until_the_cli_changes) {
  model_knowledge known;
  EXPECT_EQ(known.look_up("sonnet").id, "sonnet");
  known.learn_name("sonnet", "claude-sonnet-5-5");
  EXPECT_TRUE(known.learn_refusal("claude-sonnet-5-5", "effort"));
  EXPECT_FALSE(known.learn_refusal("claude-sonnet-5-5", "effort"));
  EXPECT_EQ(known.look_up("sonnet").id, "claude-sonnet-5-5");
  EXPECT_TRUE(known.look_up("sonnet").refused.effort);
  EXPECT_TRUE(known.look_up("claude-sonnet-5-5").refused.effort);
  known.forget();
  EXPECT_EQ(known.look_up("sonnet").id, "sonnet");
  EXPECT_EQ(known.look_up("claude-sonnet-5-5").refused, refused_parameters{});
}

TEST(model_knowledge_test, it_is_bounded) {
  model_knowledge known;
  for (std::size_t i = 0; i < model_knowledge::entries_max; ++i)
    EXPECT_TRUE(known.learn_refusal("claude-" + std::to_string(i), "effort"));
  EXPECT_FALSE(known.learn_refusal("claude-x", "effort"));
}

// -- tools ---------------------------------------------------------------------------------------

chat_request with_tools(tool_demand demand = tool_demand::automatic) {
  const auto tool_of = [](const std::string& name) {
    return tool{name, name, "", R"({"type":"object"})", false};
  };
  chat_request wish;
  wish.tools = tool_list{{tool_of("look"), tool_of("touch")}};
  wish.tool_choice.demand = demand;
  if (demand == tool_demand::named)
    wish.tool_choice.api_name = "touch";
  return wish;
}

TEST(settle_test, tools_and_a_choice_go_to_models_that_take_them) {
  for (const auto* model : {adaptive, four_six, "claude-opus-5"})
    for (const auto demand : {tool_demand::automatic, tool_demand::any, tool_demand::named}) {
      const auto wish = with_tools(demand);
      const auto made = settled(model, wish);
      EXPECT_EQ(made.settings.tools, wish.tools) << model;
      EXPECT_EQ(made.settings.tool_choice, wish.tool_choice) << model;
      EXPECT_EQ(made.settings.thinking, mode::as_usual) << model;
      EXPECT_THAT(made.dropped, IsEmpty()) << model;
    }
}

TEST(settle_test, a_choice_without_tools_says_nothing) {
  chat_request wish;
  wish.tool_choice.demand = tool_demand::any;
  EXPECT_EQ(settled(adaptive, wish).settings, turn_settings{});
}

TEST(settle_test, models_that_think_by_budget_do_not_while_a_call_is_forced) {
  auto made = settled(budget, with_tools(tool_demand::any));
  EXPECT_EQ(made.settings.thinking, mode::disabled);
  EXPECT_EQ(made.settings.tool_choice.demand, tool_demand::any);
  EXPECT_THAT(made.dropped, IsEmpty());
  auto thoughtful = with_tools(tool_demand::any);
  thoughtful.reasoning = reasoning_effort::high;
  EXPECT_THAT(settled(budget, thoughtful).dropped, ElementsAre("reasoning_effort"));
  EXPECT_EQ(settled(budget, with_tools()).settings.thinking, mode::as_usual);
}

TEST(settle_test, where_no_call_can_be_forced_only_the_named_tool_is_left) {
  for (const auto* model : {always, between}) {
    auto wish = with_tools(tool_demand::named);
    wish.tool_choice.parallel = false;
    const auto made = settled(model, wish);
    wish.tool_choice.demand = tool_demand::automatic;
    wish.tool_choice.api_name.clear();
    EXPECT_EQ(made.settings.tools.size(), 1U);
    EXPECT_NE(made.settings.tools.find_by_api_name("touch"), nullptr);
    EXPECT_EQ(made.settings.tool_choice, wish.tool_choice);
    EXPECT_TRUE(made.must_call);
    EXPECT_THAT(made.dropped, IsEmpty());
    EXPECT_EQ(settled(model, with_tools(tool_demand::any)).settings.tools.size(), 2U);
    EXPECT_FALSE(settled(model, with_tools()).must_call);
  }
  refused_parameters no_forcing;
  no_forcing.tool_choice = true;
  EXPECT_TRUE(settled(adaptive, with_tools(tool_demand::any), no_forcing).must_call);
  EXPECT_FALSE(settled(adaptive, with_tools(tool_demand::any)).must_call);
}

TEST(settle_test, thinking_by_budget_does_not_begin_in_the_midst_of_a_run) {
  const auto settle_run = [](const char* model, const chat_request& wish, bool thought) {
    auto made = settled(model, wish);
    settle_open_run(made, traits_of(model), thought);
    return made;
  };
  EXPECT_EQ(settle_run(budget, with_tools(), false).settings.thinking, mode::disabled);
  EXPECT_EQ(settle_run(budget, with_tools(), true).settings.thinking, mode::as_usual);
  EXPECT_EQ(settle_run(adaptive, with_tools(), false).settings.thinking, mode::as_usual);
  const auto low = settle_run(budget, with_reasoning(reasoning_effort::low), false);
  EXPECT_EQ(low.settings.thinking_tokens, 0);
  EXPECT_THAT(low.dropped, ElementsAre("reasoning_effort"));
}

TEST(turn_settings, schemas_are_the_same_if_their_texts_are) {
  turn_settings a;
  turn_settings b;
  a.schema = api_schema{R"({"type":"object"})"};
  EXPECT_NE(a, b);
  b.schema = api_schema{R"({"type":"object"})"};
  EXPECT_EQ(a, b);
  b.schema = api_schema{R"({"type":"array"})"};
  EXPECT_NE(a, b);
}

} // namespace
} // namespace ccapi::domain
