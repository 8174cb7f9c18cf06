#include "domain/models/turn_settings.hpp"

#include "domain/blank.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace ccapi::domain {

namespace {

using mode = turn_settings::thinking_mode;

/// Budgets for models that have no effort. The CLI's own is one below its max_tokens.
constexpr std::int64_t low_budget = 4'096;
constexpr std::int64_t medium_budget = 16'384;
constexpr std::int64_t cli_budget = 31'999;
/// The API's least.
constexpr std::int64_t budget_min = 1'024;
/// With fewer tokens an answer that thinks first is likely to be cut before its first word.
constexpr std::int64_t room_to_think = 4'096;
/// With thinking, models that take sampling at all take a top_p from here on.
constexpr double thinking_top_p_min = 0.95;

/// Works out one turn; each step sees what the steps before have decided.
class settlement {
public:
  settlement(const chat_request& wanted, const model_traits& model,
             const refused_parameters& refused, thinking_default unasked)
    : wanted_{wanted},
      model_{model},
      refused_{refused},
      asks_to_think_{wanted.reasoning && *wanted.reasoning != reasoning_effort::none},
      off_by_default_{unasked == thinking_default::off} {}

  settled_turn take() {
    settle_stop();
    settle_max_tokens();
    settle_tools();
    settle_thinking();
    settle_sampling();
    if (wanted_.format)
      made_.settings.schema = wanted_.format->for_api();
    return std::move(made_);
  }

private:
  void drop(std::string name) { made_.dropped.push_back(std::move(name)); }

  [[nodiscard]] bool can_turn_off() const noexcept {
    return model_.off != thinking_off::never && !refused_.thinking_off;
  }
  void turn_off() {
    made_.settings.thinking =
      model_.off == thinking_off::between_tools ? mode::between_tools : mode::disabled;
  }
  [[nodiscard]] bool is_off() const noexcept { return thinks_not(made_.settings); }

  void settle_stop() {
    bool dropped = false;
    for (const auto& each : wanted_.sampling.stop) {
      if (refused_.stop || is_blank(each)) // the API takes no blank ones
        dropped = true;
      else
        made_.settings.stop.push_back(each);
    }
    if (dropped)
      drop("stop");
  }

  void settle_max_tokens() {
    const auto wish = wanted_.sampling.max_tokens;
    if (!wish)
      return;
    made_.settings.max_tokens = std::min(*wish, model_.output_tokens_max);
    if (*wish > model_.output_tokens_max)
      drop("max_tokens(" + std::to_string(model_.output_tokens_max) + ")");
  }

  void settle_tools() {
    made_.settings.tools = wanted_.tools;
    made_.settings.declared_tools =
      wanted_.declared_tools.empty() ? wanted_.tools : wanted_.declared_tools;
    if (wanted_.tools.empty())
      return;
    auto& choice = made_.settings.tool_choice;
    choice = wanted_.tool_choice;
    // A model that thinks by budget calls as told only while it does not think.
    const bool can_be_told =
      model_.forces_tools && !refused_.tool_choice && (!model_.thinks_by_budget || can_turn_off());
    if (choice.demand == tool_demand::automatic || can_be_told)
      return;
    if (const auto* named = wanted_.tools.find_by_api_name(choice.api_name))
      made_.settings.tools = tool_list{{*named}}; // it can't call another one, at least
    choice = {.demand = tool_demand::automatic, .api_name = {}, .parallel = choice.parallel};
    made_.must_call = true;
  }

  [[nodiscard]] bool forces_call() const noexcept {
    return made_.settings.tool_choice.demand != tool_demand::automatic;
  }

  void settle_thinking() {
    if (forces_call() && model_.thinks_by_budget) {
      if (asks_to_think_)
        drop("reasoning_effort");
      return turn_off();
    }
    if (asks_to_think_)
      return model_.thinks_by_budget ? think_by_budget() : think_with_effort();
    const bool no_room = made_.settings.max_tokens && *made_.settings.max_tokens < room_needed();
    const bool wants_off = wanted_.reasoning || off_by_default_;
    if (!wants_off && !no_room && !needs_off_for_sampling())
      return;
    if (can_turn_off())
      return turn_off();
    if (model_.thinks_by_budget)
      return think_by_budget();
    if (wanted_.reasoning || no_room) // few tokens would otherwise be all thought
      drop_effort(lowest_effort());
    else if (off_by_default_)
      made_.settings.effort = lowest_effort();
  }

  /// What max_tokens must leave where nobody asked for thinking.
  [[nodiscard]] std::int64_t room_needed() const noexcept {
    return model_.thinks_by_budget ? cli_budget + 1 : room_to_think;
  }

  [[nodiscard]] std::optional<effort> lowest_effort() const noexcept {
    return refused_.effort || model_.efforts == 0 ? std::nullopt : std::optional{effort::low};
  }

  /// The wish for an effort ends in another one, or (nothing) in none.
  void drop_effort(std::optional<effort> level) {
    made_.settings.effort = level;
    drop(level ? "reasoning_effort(" + std::string{to_string(*level)} + ")" : "reasoning_effort");
  }

  void think_with_effort() {
    const auto level = wanted_effort();
    if (refused_.effort || model_.efforts == 0)
      return drop("reasoning_effort");
    if (model_.takes(level))
      made_.settings.effort = level;
    else
      drop_effort(effort::high); // which all models take that take any
  }

  void think_by_budget() {
    auto budget = wanted_budget();
    const auto room = made_.settings.max_tokens.value_or(cli_budget + 1) - 1;
    if (budget > room) { // an answer must fit, too
      budget = room / 2;
      if (budget < budget_min) {
        drop("reasoning_effort");
        if (can_turn_off())
          turn_off();
        return;
      }
      drop("reasoning_effort(" + std::to_string(budget) + " tokens)");
    }
    if (budget < cli_budget) {
      made_.settings.thinking = mode::budget;
      made_.settings.thinking_tokens = budget;
    }
    if (!refused_.effort && model_.takes(std::min(wanted_effort(), effort::high)))
      made_.settings.effort = std::min(wanted_effort(), effort::high);
  }

  [[nodiscard]] effort wanted_effort() const noexcept {
    switch (wanted_.reasoning.value_or(reasoning_effort::low)) {
    case reasoning_effort::none:
    case reasoning_effort::minimal:
    case reasoning_effort::low:
      return effort::low;
    case reasoning_effort::medium:
      return effort::medium;
    case reasoning_effort::high:
      return effort::high;
    case reasoning_effort::xhigh:
      return effort::xhigh;
    case reasoning_effort::max:
      return effort::max;
    }
    return effort::medium;
  }

  [[nodiscard]] std::int64_t wanted_budget() const noexcept {
    switch (wanted_effort()) {
    case effort::low:
      return low_budget;
    case effort::medium:
      return medium_budget;
    default:
      return cli_budget;
    }
  }

  // 1 is the API's own default for both: asking for it asks for nothing. OpenAI's temperatures go
  // up to 2, the API's only to 1.
  [[nodiscard]] bool wants_temperature() const noexcept {
    return wanted_.sampling.temperature && *wanted_.sampling.temperature < 1;
  }
  [[nodiscard]] bool wants_too_hot() const noexcept {
    return wanted_.sampling.temperature && *wanted_.sampling.temperature > 1;
  }
  [[nodiscard]] bool wants_top_p() const noexcept {
    return wanted_.sampling.top_p && *wanted_.sampling.top_p < 1;
  }
  [[nodiscard]] bool takes_temperature() const noexcept {
    return model_.sampling != sampling_rule::never && !refused_.temperature;
  }
  [[nodiscard]] bool takes_top_p() const noexcept {
    return model_.sampling != sampling_rule::never && !refused_.top_p;
  }
  [[nodiscard]] bool needs_off_for_sampling() const noexcept {
    return (wants_temperature() && takes_temperature())
           || (wants_top_p() && takes_top_p() && *wanted_.sampling.top_p < thinking_top_p_min);
  }

  void settle_sampling() {
    if (wants_temperature()) {
      if (is_off() && takes_temperature())
        made_.settings.temperature = wanted_.sampling.temperature;
      else
        drop("temperature");
    }
    if (wants_too_hot())
      drop(takes_temperature() ? "temperature(clamped)" : "temperature");
    if (wants_top_p()) {
      const bool fits = is_off() || *wanted_.sampling.top_p >= thinking_top_p_min;
      if (fits && takes_top_p() && !made_.settings.temperature) // the API takes one of the two
        made_.settings.top_p = wanted_.sampling.top_p;
      else
        drop("top_p");
    }
  }

  const chat_request& wanted_;
  const model_traits& model_;
  const refused_parameters& refused_;
  const bool asks_to_think_;
  const bool off_by_default_;
  settled_turn made_;
};

} // namespace

refused_parameters operator|(const refused_parameters& a, const refused_parameters& b) noexcept {
  return {.temperature = a.temperature || b.temperature,
          .top_p = a.top_p || b.top_p,
          .stop = a.stop || b.stop,
          .effort = a.effort || b.effort,
          .thinking_off = a.thinking_off || b.thinking_off,
          .tool_choice = a.tool_choice || b.tool_choice};
}

bool note_refused(refused_parameters& refused, std::string_view parameter) {
  const auto note = [](bool& noted) { return !std::exchange(noted, true); };
  if (parameter == "temperature")
    return note(refused.temperature);
  if (parameter == "top_p")
    return note(refused.top_p);
  if (parameter == "stop_sequences")
    return note(refused.stop);
  if (parameter == "effort" || parameter == "output_config.effort")
    return note(refused.effort);
  if (parameter == "thinking.type.disabled" || parameter == "thinking.type.between_tools")
    return note(refused.thinking_off);
  if (parameter == "tool_choice")
    return note(refused.tool_choice);
  return false;
}

bool thinks_not(const turn_settings& settings) noexcept {
  return settings.thinking == mode::disabled || settings.thinking == mode::between_tools;
}

void settle_open_run(settled_turn& what, const model_traits& model, bool began_with_thinking) {
  auto& settings = what.settings;
  if (began_with_thinking || !model.thinks_by_budget || thinks_not(settings))
    return;
  if (settings.thinking == mode::budget)
    what.dropped.emplace_back("reasoning_effort");
  settings.thinking = mode::disabled;
  settings.thinking_tokens = 0;
}

settled_turn settle(const chat_request& wanted, const model_traits& model,
                    const refused_parameters& refused, thinking_default unasked) {
  return settlement{wanted, model, refused, unasked}.take();
}

} // namespace ccapi::domain
