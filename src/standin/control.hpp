#pragma once
// control: answers control requests as the CLI does, and keeps what they set for the whole process.

#include "standin/dialogue.hpp"
#include "standin/input.hpp"
#include "standin/lines.hpp"
#include "standin/tool_servers.hpp"

#include <string>

namespace ccapi::standin {

/// What is left to do for whoever runs the turns, after the answer.
enum class after_control { nothing, interrupt, end };

class control {
public:
  /// All but `system_prompt`, the one of the command line, must outlive it.
  control(line_writer& lines, dialogue& known, tool_servers& tools, std::string system_prompt = {});

  /// Appends the answer, if the CLI gives any. Settings are the caller's to apply.
  after_control answer(std::string& out, const control_call& call, bool in_turn);
  /// A turn has begun: from now on no initialize changes the system prompt.
  void fix_system_prompt() noexcept { prompt_fixed_ = true; }

  [[nodiscard]] const std::string& system_prompt() const noexcept { return system_prompt_; }

private:
  line_writer& lines_;
  dialogue& known_;
  tool_servers& tools_;
  std::string system_prompt_;
  bool prompt_fixed_ = false; ///< by the first initialize or the first turn
};

} // namespace ccapi::standin
