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

void held_process::let_go() noexcept {
  destroy(handle_);
}

} // namespace ccapi::actors
