#include "domain/pool/process_state.hpp"

#include <array>
#include <initializer_list>

namespace ccapi::domain {

namespace {

using s = process_state;
using t = process_trigger;
using a = process_action;

/// What one trigger does in one state.
struct rule {
  process_trigger trigger;
  process_step step;
};
using row = std::array<process_step, process_trigger_count>;

/// The answers of a state: `otherwise` to every trigger that no rule names.
constexpr row answers(process_step otherwise, std::initializer_list<rule> rules) {
  row all{};
  all.fill(otherwise);
  for (const auto& each : rules)
    all[static_cast<std::size_t>(each.trigger)] = each.step;
  return all;
}

/// A trigger that makes no sense in a state is a defect if the CLI can cause it, else it is
/// ignored.
constexpr process_step defect{s::closing, a::fail_close};

/// The answers of a state in which the child may still end by itself.
constexpr row living(std::initializer_list<rule> rules) {
  row all = answers(defect, rules);
  all[static_cast<std::size_t>(t::exited)] = {s::gone, a::fail_gone};
  return all;
}

/// The answers of a state in which a process waits for a turn.
constexpr row between_turns(process_state state, process_step deadline) {
  const process_step ignore{state, a::none};
  return living({{t::boot_answered, ignore},
                 {t::turn_ordered, {s::turn, a::begin_turn}},
                 {t::configured, ignore},
                 {t::interrupt, ignore},
                 {t::retire, {s::closing, a::begin_close}},
                 {t::close, {s::closing, a::begin_close}},
                 {t::deadline, deadline}});
}

constexpr row row_of(process_state state) {
  const process_step ignore{state, a::none};
  const process_step bounce{state, a::bounce_order};
  switch (state) {
  case s::spawning:
    return living({{t::boot_answered, {s::booted, a::none}},
                   {t::turn_ordered, {s::spawning, a::keep_order}},
                   {t::retire, ignore}});
  case s::booted:
    return living({{t::boot_answered, ignore},
                   {t::turn_ordered, {s::configuring, a::configure}},
                   {t::interrupt, ignore},
                   {t::retire, {s::closing, a::begin_close}},
                   {t::close, {s::closing, a::begin_close}},
                   {t::deadline, ignore}});
  case s::configuring:
    return living({{t::boot_answered, ignore},
                   {t::turn_ordered, bounce},
                   {t::configured, {s::turn, a::begin_turn}},
                   {t::retire, ignore}});
  case s::idle:
    return between_turns(state, ignore);
  case s::turn:
    return living({{t::boot_answered, ignore},
                   {t::turn_ordered, bounce},
                   {t::configured, ignore},
                   {t::turn_ended, {s::idle, a::rest}},
                   {t::turn_parked, {s::parked, a::rest}},
                   {t::turn_spoiled, {s::closing, a::end_turn_close}},
                   {t::turn_undone, {s::rewinding, a::send_rewind}},
                   {t::interrupt, {s::interrupting, a::send_interrupt}},
                   {t::retire, ignore},
                   {t::deadline, {s::interrupting, a::send_interrupt}}});
  case s::parked:
    return between_turns(state, {s::closing, a::begin_close});
  case s::interrupting: // an interrupted history is never exact as it is
    return living({{t::boot_answered, ignore},
                   {t::turn_ordered, bounce},
                   {t::configured, ignore},
                   {t::turn_ended, {s::closing, a::end_turn_close}},
                   {t::turn_spoiled, {s::closing, a::end_turn_close}},
                   {t::turn_undone, {s::rewinding, a::send_rewind}},
                   {t::interrupt, ignore},
                   {t::retire, ignore}});
  case s::rewinding:
    return living({{t::boot_answered, ignore},
                   {t::turn_ordered, bounce},
                   {t::configured, ignore},
                   {t::turn_spoiled, {s::closing, a::end_turn_close}},
                   {t::rewound, {s::idle, a::rest}},
                   {t::interrupt, ignore},
                   {t::retire, ignore}});
  case s::closing:
    return answers(ignore, {{t::turn_ordered, bounce},
                            {t::deadline, {s::closing, a::escalate}},
                            {t::exited, {s::gone, a::report_gone}}});
  case s::gone:
    break;
  }
  return answers(ignore, {{t::turn_ordered, bounce}});
}

constexpr auto table = [] {
  std::array<row, process_state_count> rows{};
  for (std::size_t state = 0; state < rows.size(); ++state)
    rows[state] = row_of(static_cast<process_state>(state));
  return rows;
}();

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
  case process_state::parked:
    return "parked";
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
  case process_trigger::turn_parked:
    return "turn_parked";
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
