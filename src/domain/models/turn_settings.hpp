#pragma once
// What a turn is asked with: the client's wishes, settled by what its model takes. Pure.

#include "domain/models/model_traits.hpp"
#include "domain/turn/chat_request.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::domain {

/// What a process is told of a turn's parameters. Unset = as the CLI does by itself.
struct turn_settings {
  enum class thinking_mode : std::uint8_t {
    as_usual,
    disabled,
    between_tools, ///< off, as some models spell it
    budget,        ///< `thinking_tokens` at most
  };

  std::optional<double> temperature;
  std::optional<double> top_p;
  std::vector<std::string> stop;
  std::optional<std::int64_t> max_tokens;
  thinking_mode thinking = thinking_mode::as_usual;
  std::int64_t thinking_tokens = 0; ///< 0 unless thinking is by budget
  std::optional<domain::effort> effort;
  tool_list tools; ///< what the model may call
  /// What the CLI is to know of them: also those that only other turns of the run offer.
  tool_list declared_tools;
  domain::tool_choice tool_choice;
  api_schema schema; ///< that the answer shall fit

  friend bool operator==(const turn_settings&, const turn_settings&) = default;
};

/// A request's parameters that the API has refused for a model, against what the table says.
struct refused_parameters {
  bool temperature = false;
  bool top_p = false;
  bool stop = false;
  bool effort = false;
  bool thinking_off = false;
  bool tool_choice = false; ///< that a tool be called, or a certain one

  friend bool operator==(const refused_parameters&, const refused_parameters&) = default;
};

/// What either holds.
refused_parameters operator|(const refused_parameters& a, const refused_parameters& b) noexcept;

/// Notes a parameter by the API's name for it ("temperature", "stop_sequences", "effort",
/// "thinking.type.disabled", ...). False: unknown, or noted before.
bool note_refused(refused_parameters& refused, std::string_view parameter);

struct settled_turn {
  turn_settings settings;
  /// The model has to call a tool but can't be told so by the API: its answer will show.
  bool must_call = false;
  /// What was asked for and is not done, or done otherwise: "temperature", "reasoning_effort(low)".
  /// Safe in a header.
  std::vector<std::string> dropped;
};

/// Thinking is off.
bool thinks_not(const turn_settings& settings) noexcept;

/// For a turn that brings the results of calls. The API takes no thinking in the midst of an
/// answer, from the question to its last word, that began without it, where thinking goes by a
/// budget. `began_with_thinking`: false, too, where the process was only told of its beginning.
void settle_open_run(settled_turn& what, const model_traits& model, bool began_with_thinking);

/// Whether turns think that do not ask for it.
enum class thinking_default : std::uint8_t { as_cli, off };

/// The page docs/thinking.md says the rules in words.
settled_turn settle(const chat_request& wanted, const model_traits& model,
                    const refused_parameters& refused, thinking_default unasked);

} // namespace ccapi::domain
