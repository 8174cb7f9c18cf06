#include "standin/control.hpp"

#include <unistd.h>
#include <utility>

namespace ccapi::standin {

control::control(line_writer& lines, dialogue& known, tool_servers& tools,
                 std::string system_prompt)
  : lines_{lines},
    known_{known},
    tools_{tools},
    system_prompt_{std::move(system_prompt)} {}

after_control control::answer(std::string& out, const control_call& call, bool in_turn) {
  const auto& id = call.request_id;
  const auto& subtype = call.subtype;
  if (subtype == "get_binary_version") {
    line_writer::control_success(
      out, id, R"({"version":")" + lines_.version() + R"(","buildTime":"2026-01-01T00:00:00Z"})");
  } else if (subtype == "initialize") {
    if (!std::exchange(prompt_fixed_, true) && call.system_prompt)
      system_prompt_ = *call.system_prompt;
    line_writer::control_success(out, id,
                                 R"({"commands":[],"agents":[],"models":[],"pid":)"
                                   + std::to_string(::getpid()) + "}");
  } else if (subtype == "apply_flag_settings") {
    line_writer::control_success(out, id, {});
  } else if (subtype == "mcp_set_servers") {
    tools_.set(out, id, call.servers);
  } else if (subtype == "rewind_conversation") {
    if (call.target_uuid.empty() && !lines_.newer())
      return after_control::nothing; // 2.1.197 never answers this
    line_writer::control_success(
      out, id,
      (in_turn ? dialogue::refused("turn running", "turn_running", lines_.newer())
               : known_.rewind(call.target_uuid, lines_.newer()))
        .response);
  } else if (subtype == "interrupt") {
    line_writer::control_success(out, id, lines_.newer() ? R"({"still_queued":[]})" : "");
    return after_control::interrupt;
  } else if (subtype == "end_session") {
    line_writer::control_success(out, id, {});
    return after_control::end;
  } else {
    line_writer::control_error(out, id, "Unsupported control request subtype: " + subtype);
  }
  return after_control::nothing;
}

} // namespace ccapi::standin
