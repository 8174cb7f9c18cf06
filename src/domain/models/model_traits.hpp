#pragma once
// What the Messages API takes for each model: data, and the rule that finds a model's row. Pure.
// Source: Anthropic's model pages and migration guides of 2026, and answers of the API.

#include <cstdint>
#include <string_view>

namespace ccapi::domain {

/// How hard a model thinks, as the API names it; in order.
enum class effort : std::uint8_t { low, medium, high, xhigh, max };

/// "low", "medium", ...
std::string_view to_string(effort level) noexcept;

/// How thinking is turned off for a turn.
enum class thinking_off : std::uint8_t {
  never,         ///< the model always thinks
  disabled,      ///< thinking.type "disabled"
  between_tools, ///< thinking.type "between_tools"; "disabled" is refused
};

/// When a temperature or top_p other than the default is taken.
enum class sampling_rule : std::uint8_t {
  never,
  without_thinking, ///< and then only one of the two
};

struct model_traits {
  std::string_view family;         ///< "claude-sonnet-5-5"
  thinking_off off;                ///< how to turn thinking off
  bool thinks_by_budget;           ///< thinking.budget_tokens instead of an effort
  std::uint8_t efforts;            ///< a bit for each effort that is taken; 0: none at all
  sampling_rule sampling;          ///< of temperature and top_p
  bool forces_tools;               ///< takes tool_choice "any" and "tool"
  bool takes_prefill;              ///< the last message may be an assistant's
  bool takes_system_messages;      ///< role "system" among the messages
  std::int64_t output_tokens_max;  ///< the largest max_tokens
  std::int64_t context_tokens_max; ///< the window

  [[nodiscard]] constexpr bool takes(effort level) const noexcept {
    return (efforts & (1U << static_cast<unsigned>(level))) != 0;
  }
};

/// The row of a model, named by its full id ("claude-haiku-4-5-20251001", "claude-opus-5-5[1m]",
/// with a cloud provider's prefix or suffix, too). A name that has none counts as the newest
/// generation, which takes least; models older than the oldest row count as that one.
const model_traits& traits_of(std::string_view model) noexcept;

} // namespace ccapi::domain
