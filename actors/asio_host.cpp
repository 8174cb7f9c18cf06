#include "actors/asio_host.hpp"

#include <boost/asio/post.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace ccapi::actors {

namespace {
/// Messages one actor may handle before the thread's sockets and other actors get a turn.
constexpr std::size_t messages_per_turn_max = 64;
} // namespace

io_home::io_home(caf::actor_system& system, asio::io_context& loop)
  : caf::execution_unit{&system},
    loop_{loop} {}

void io_home::exec_later(caf::resumable* job) {
  if (job->subtype() != caf::resumable::io_actor) {
    system().scheduler().enqueue(job); // not one of ours: CAF's own threads run it
    return;
  }
  // The job carries one reference; it is given back when the actor has no mail left.
  asio::post(loop_, [this, job] {
    if (job->resume(this, messages_per_turn_max) == caf::resumable::resume_later)
      exec_later(job);
    else
      caf::intrusive_ptr_release(job);
  });
}

} // namespace ccapi::actors
