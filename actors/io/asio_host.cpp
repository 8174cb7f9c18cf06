#include "actors/io/asio_host.hpp"

#include <boost/asio/post.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <cstddef>

namespace ccapi::actors {

namespace {
/// Messages one actor may handle before others, and the thread's sockets, get a turn.
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
  // Mail that mail gives rise to on this thread needs no round of the loop for each.
  if (!loop_.get_executor().running_in_this_thread())
    return asio::post(loop_, [this, job] { run(job); });
  ready_.push_back(job);
  if (run_posted_)
    return;
  asio::post(loop_, [this] { run_ready(); });
  run_posted_ = true;
}

void io_home::run(caf::resumable* job) {
  // The job carries one reference; it is given back when the actor has no mail left.
  if (job->resume(this, messages_per_turn_max) == caf::resumable::resume_later)
    exec_later(job);
  else
    caf::intrusive_ptr_release(job);
}

void io_home::run_ready() {
  run_all();
  // The answers to that mail. Who gets mail from now on waits for the next round, so that sockets
  // get a turn. Either way what an actor posts behind its mail runs behind that mail.
  run_posted_ = false;
  run_all();
}

void io_home::run_all() {
  for (auto count = ready_.size(); count > 0; --count) {
    auto* const job = ready_.front();
    ready_.pop_front();
    run(job);
  }
}

} // namespace ccapi::actors
