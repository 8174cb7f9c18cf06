#pragma once
// tool_use: which tool a question asks for, and what is said of its result. Pure.

#include "standin/part.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ccapi::simulator {

struct wanted_call {
  std::string name;
  std::string arguments; ///< JSON: what the tool's schema requires, with made-up values
};

/// The tool of the request whose name stands last in the question, unless tool_choice forbids
/// calls. Of a question that lists them all, as the gateway asks where a call is missing, it is the
/// last: agents put the tool there that takes their result. `extra_body`: of
/// CLAUDE_CODE_EXTRA_BODY.
std::optional<wanted_call> call_for(std::string_view question, std::string extra_body);

/// The answer to results of tools.
std::string results_text(const standin::parts& content);

} // namespace ccapi::simulator
