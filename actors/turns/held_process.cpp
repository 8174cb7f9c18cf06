#include "actors/turns/held_process.hpp"

#include "actors/messages.hpp"

#include <utility>

namespace ccapi::actors {

held_process::held_process(claude_process_actor handle, domain::process_id id)
  : handle_{std::move(handle)},
    id_{id} {}

held_process::~held_process() {
  if (handle_)
    caf::anon_send(handle_, close_process{});
}

std::optional<domain::reuse_plan> held_process::way_to(const domain::dialogue& before,
                                                       const domain::message& query,
                                                       bool allow_full_rewind) const {
  const bool goes_on = before == holds && domain::answers_calls(query, open_calls);
  return domain::plan_reuse(before, holds, rewindable, allow_full_rewind,
                            open_calls > 0 && !goes_on);
}

void held_process::let_go() noexcept {
  destroy(handle_);
}

} // namespace ccapi::actors
