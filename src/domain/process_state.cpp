#include "domain/process_state.hpp"

#include <array>

namespace ccapi::domain {

namespace {

using s = process_state;
using a = process_action;
using row = std::array<process_step, process_trigger_count>;

// Columns: boot_answered, turn_ordered, configured, turn_ended, turn_spoiled, turn_undone, rewound,
//          interrupt, retire, close, deadline, defect, exited.
// A trigger that makes no sense in a state is a defect of the CLI if it is one that the CLI can
// cause, else it is ignored.
constexpr std::array<row, process_state_count> table{{
  // spawning
  row{{{s::booted, a::none},
       {s::spawning, a::keep_order},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::spawning, a::none},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::gone, a::fail_gone}}},
  // booted
  row{{{s::booted, a::none},
       {s::configuring, a::configure},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::booted, a::none},
       {s::closing, a::begin_close},
       {s::closing, a::begin_close},
       {s::booted, a::none},
       {s::closing, a::fail_close},
       {s::gone, a::fail_gone}}},
  // configuring
  row{{{s::configuring, a::none},
       {s::configuring, a::bounce_order},
       {s::turn, a::begin_turn},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::configuring, a::none},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::gone, a::fail_gone}}},
  // idle
  row{{{s::idle, a::none},
       {s::turn, a::begin_turn},
       {s::idle, a::none},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::idle, a::none},
       {s::closing, a::begin_close},
       {s::closing, a::begin_close},
       {s::idle, a::none},
       {s::closing, a::fail_close},
       {s::gone, a::fail_gone}}},
  // turn
  row{{{s::turn, a::none},
       {s::turn, a::bounce_order},
       {s::turn, a::none},
       {s::idle, a::rest},
       {s::closing, a::end_turn_close},
       {s::rewinding, a::send_rewind},
       {s::closing, a::fail_close},
       {s::interrupting, a::send_interrupt},
       {s::turn, a::none},
       {s::closing, a::fail_close},
       {s::interrupting, a::send_interrupt},
       {s::closing, a::fail_close},
       {s::gone, a::fail_gone}}},
  // interrupting: an interrupted history is never exact as it is
  row{{{s::interrupting, a::none},
       {s::interrupting, a::bounce_order},
       {s::interrupting, a::none},
       {s::closing, a::end_turn_close},
       {s::closing, a::end_turn_close},
       {s::rewinding, a::send_rewind},
       {s::closing, a::fail_close},
       {s::interrupting, a::none},
       {s::interrupting, a::none},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::gone, a::fail_gone}}},
  // rewinding
  row{{{s::rewinding, a::none},
       {s::rewinding, a::bounce_order},
       {s::rewinding, a::none},
       {s::closing, a::fail_close},
       {s::closing, a::end_turn_close},
       {s::closing, a::fail_close},
       {s::idle, a::rest},
       {s::rewinding, a::none},
       {s::rewinding, a::none},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::closing, a::fail_close},
       {s::gone, a::fail_gone}}},
  // closing
  row{{{s::closing, a::none},
       {s::closing, a::bounce_order},
       {s::closing, a::none},
       {s::closing, a::none},
       {s::closing, a::none},
       {s::closing, a::none},
       {s::closing, a::none},
       {s::closing, a::none},
       {s::closing, a::none},
       {s::closing, a::none},
       {s::closing, a::escalate},
       {s::closing, a::none},
       {s::gone, a::report_gone}}},
  // gone
  row{{{s::gone, a::none},
       {s::gone, a::bounce_order},
       {s::gone, a::none},
       {s::gone, a::none},
       {s::gone, a::none},
       {s::gone, a::none},
       {s::gone, a::none},
       {s::gone, a::none},
       {s::gone, a::none},
       {s::gone, a::none},
       {s::gone, a::none},
       {s::gone, a::none},
       {s::gone, a::none}}},
}};

} // namespace

process_step next_step(process_state now, process_trigger what) noexcept {
  return table[static_cast<std::size_t>(now)][static_cast<std::size_t>(what)];
}

std::string_view to_string(process_state state) noexcept {
  switch (state) {
  case process_state::spawning:
    return "spawning";
  case process_state::booted:
    return "booted";
  case process_state::configuring:
    return "configuring";
  case process_state::idle:
    return "idle";
  case process_state::turn:
    return "turn";
  case process_state::interrupting:
    return "interrupting";
  case process_state::rewinding:
    return "rewinding";
  case process_state::closing:
    return "closing";
  case process_state::gone:
    return "gone";
  }
  return "unknown";
}

std::string_view to_string(process_trigger trigger) noexcept {
  switch (trigger) {
  case process_trigger::boot_answered:
    return "boot_answered";
  case process_trigger::turn_ordered:
    return "turn_ordered";
  case process_trigger::configured:
    return "configured";
  case process_trigger::turn_ended:
    return "turn_ended";
  case process_trigger::turn_spoiled:
    return "turn_spoiled";
  case process_trigger::turn_undone:
    return "turn_undone";
  case process_trigger::rewound:
    return "rewound";
  case process_trigger::interrupt:
    return "interrupt";
  case process_trigger::retire:
    return "retire";
  case process_trigger::close:
    return "close";
  case process_trigger::deadline:
    return "deadline";
  case process_trigger::defect:
    return "defect";
  case process_trigger::exited:
    return "exited";
  }
  return "unknown";
}

} // namespace ccapi::domain
