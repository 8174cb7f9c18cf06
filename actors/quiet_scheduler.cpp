#include "actors/quiet_scheduler.hpp"

#include <caf/abstract_actor.hpp>

#include <utility>

namespace ccapi::actors {

void quiet_clock::note(const caf::abstract_actor& self) {
  const std::lock_guard lock{mutex_};
  noted_.insert(self.id());
}

void quiet_clock::set_ordinary_timeout(time_point when, caf::abstract_actor* self,
                                       caf::atom_value type, std::uint64_t id) {
  note(*self);
  target_.set_ordinary_timeout(when, self, type, id);
}

void quiet_clock::set_multi_timeout(time_point when, caf::abstract_actor* self,
                                    caf::atom_value type, std::uint64_t id) {
  note(*self);
  target_.set_multi_timeout(when, self, type, id);
}

void quiet_clock::set_request_timeout(time_point when, caf::abstract_actor* self,
                                      caf::message_id id) {
  note(*self);
  target_.set_request_timeout(when, self, id);
}

void quiet_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  target_.cancel_ordinary_timeout(self, type);
}

void quiet_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  target_.cancel_request_timeout(self, id);
}

void quiet_clock::cancel_timeouts(caf::abstract_actor* self) {
  {
    const std::lock_guard lock{mutex_};
    if (noted_.erase(self->id()) == 0)
      return;
  }
  target_.cancel_timeouts(self);
}

void quiet_clock::schedule_message(time_point when, caf::strong_actor_ptr receiver,
                                   caf::mailbox_element_ptr content) {
  target_.schedule_message(when, std::move(receiver), std::move(content));
}

void quiet_clock::schedule_message(time_point when, caf::group target, caf::strong_actor_ptr sender,
                                   caf::message content) {
  target_.schedule_message(when, std::move(target), std::move(sender), std::move(content));
}

void quiet_clock::cancel_all() {
  target_.cancel_all();
}

} // namespace ccapi::actors
