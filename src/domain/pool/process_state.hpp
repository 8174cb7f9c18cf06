#pragma once
// The life of one CLI process as a table: states x triggers -> next state and action. Pure.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ccapi::domain {

enum class process_state : std::uint8_t {
  spawning,     ///< started; has not answered its first control request
  booted,       ///< answered; unclaimed, its system prompt can still be set
  configuring,  ///< system prompt sent, not yet acknowledged
  idle,         ///< ready for a turn
  turn,         ///< runs a turn (settings, seeded history, user line, answer)
  parked,       ///< its answer ended with calls of tools; the CLI waits for their results
  interrupting, ///< the turn's client has its outcome; waits for the CLI's result
  rewinding,    ///< the CLI takes the turn out of its history; its client has its outcome
  closing,      ///< on the way out: end of input, then signals
  gone,         ///< reaped
};
inline constexpr std::size_t process_state_count = 10;

enum class process_trigger : std::uint8_t {
  boot_answered, ///< first control request answered, version acceptable
  turn_ordered,  ///< a conversation wants a turn
  configured,    ///< initialize acknowledged
  turn_ended,    ///< the CLI's result came; its history is exact
  turn_parked,   ///< the answer has ended with calls, and the CLI waits for their results
  turn_spoiled,  ///< the CLI's result came; its history is not what the client has
  turn_undone,   ///< the CLI's result came; without this turn its history would be exact
  rewound,       ///< the turn is out of the CLI's history
  interrupt,     ///< client gone, answer cut, or turn out of time
  retire,        ///< asked to end, if idle
  close,         ///< asked to end, whatever it does
  deadline,      ///< the state's time is over
  defect,        ///< protocol violated, pipe broken, giant line, control call refused
  exited,        ///< the child was reaped
};
inline constexpr std::size_t process_trigger_count = 14;

enum class process_action : std::uint8_t {
  none,
  keep_order,     ///< remember the turn; it starts when the process is ready
  configure,      ///< send initialize for the turn that waits
  begin_turn,     ///< send settings, history, user line
  rest,           ///< report the turn's end; wait for the next
  end_turn_close, ///< report the turn's end; then close
  send_interrupt, ///< ask the CLI to stop the turn
  send_rewind,    ///< ask the CLI to take the turn out of its history
  bounce_order,   ///< give the turn back, untouched
  fail_close,     ///< the turn (if any) failed; close, with a signal at once
  begin_close,    ///< end of input, start of the ladder
  escalate,       ///< the next, harder step of the ladder
  fail_gone,      ///< the turn (if any) failed; the process is gone
  report_gone,    ///< the process is gone, as intended
};

struct process_step {
  process_state next;
  process_action action;
};

/// Total: every state answers every trigger.
process_step next_step(process_state now, process_trigger what) noexcept;

std::string_view to_string(process_state state) noexcept;
std::string_view to_string(process_trigger trigger) noexcept;

} // namespace ccapi::domain
