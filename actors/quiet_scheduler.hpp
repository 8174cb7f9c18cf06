#pragma once
// quiet_scheduler: CAF's scheduler, without a wake-up of its clock's thread for each actor that
// ends.

#include "actors/compat.hpp"

#include <caf/actor_system.hpp>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/detail/type_list.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <cstdint>
#include <mutex>
#include <unordered_set>

namespace ccapi::actors {

/// Passes everything on to another clock, but an actor's end only if there may be timeouts to
/// cancel. Conversations end with their turns, hardly one has ever waited for anything, and CAF's
/// own clock starts its thread to find that out: three wake-ups a turn, just when the client has
/// its answer and asks again. Any thread.
class quiet_clock final : public caf::detail::thread_safe_actor_clock {
public:
  explicit quiet_clock(caf::actor_clock& target) noexcept
    : target_{target} {}

  void set_ordinary_timeout(time_point when, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point when, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point when, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point when, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point when, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

private:
  void note(const caf::abstract_actor& self);

  caf::actor_clock& target_;
  std::mutex mutex_;                        // guards noted_
  std::unordered_set<caf::actor_id> noted_; ///< live actors that have had a timeout
};

/// To be loaded by the actor system's configuration. Work sharing: CAF's default policy wakes idle
/// workers by polling, tens of microseconds a hop.
class quiet_scheduler final : public caf::scheduler::coordinator<caf::policy::work_sharing> {
public:
  explicit quiet_scheduler(caf::actor_system& system)
    : coordinator{system},
      quiet_{coordinator::clock()} {}

  static caf::actor_system::module* make(caf::actor_system& system, caf::detail::type_list<>) {
    return new quiet_scheduler{system}; // the system owns it
  }

  quiet_clock& clock() noexcept override { return quiet_; }

private:
  quiet_clock quiet_;
};

} // namespace ccapi::actors
