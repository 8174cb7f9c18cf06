#pragma once
// Actors that run on an I/O thread: their mail is handled by that thread's io_context, so they may
// own sockets, pipes and timers of it, and a message between two of them crosses no thread.

#include "actors/compat.hpp"

#include <boost/asio/io_context.hpp>
#include <caf/actor_cast.hpp>
#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/resumable.hpp>

#include <deque>
#include <utility>

namespace ccapi::actors {

namespace asio = boost::asio;

/// The execution unit of one I/O thread. Made before the thread runs the loop; outlives every actor
/// that lives on it. exec_later may be called from any thread.
class io_home final : public caf::execution_unit {
public:
  io_home(caf::actor_system& system, asio::io_context& loop);

  void exec_later(caf::resumable* job) override;

  [[nodiscard]] asio::io_context& loop() const noexcept { return loop_; }

private:
  void run(caf::resumable* job);
  void run_ready();
  void run_all();

  asio::io_context& loop_;
  // On the loop's thread only.
  std::deque<caf::resumable*> ready_; ///< each carries one reference
  bool run_posted_ = false;
};

/// Mixin over a typed or dynamic event-based actor: whoever sends, the mail is handled at home.
/// Derived classes take (caf::actor_config&, io_home&, ...) and end themselves by quit(): the actor
/// system does not wait for them.
template <class Base>
class on_io : public Base {
public:
  on_io(caf::actor_config& config, io_home& home)
    : Base{config},
      home_{&home} {}

  void enqueue(caf::mailbox_element_ptr mail, caf::execution_unit*) override {
    Base::enqueue(std::move(mail), home_);
  }
  void enqueue(caf::strong_actor_ptr from, caf::message_id id, caf::message content,
               caf::execution_unit*) override {
    Base::enqueue(caf::make_mailbox_element(std::move(from), id, {}, std::move(content)), home_);
  }
  caf::resumable::subtype_t subtype() const override { return caf::resumable::io_actor; }

protected:
  [[nodiscard]] io_home& home() const noexcept { return *home_; }
  /// Keeps the actor alive in a completion handler.
  [[nodiscard]] caf::strong_actor_ptr self_reference() {
    return caf::strong_actor_ptr{this->ctrl()};
  }

private:
  io_home* home_;
};

/// Starts an actor of class Actor(config, home, args...) on `home`'s thread. Call on that thread,
/// or before it runs.
template <class Actor, class... Args>
auto spawn_on(io_home& home, Args&&... args) {
  caf::actor_config config{&home};
  return home.system().spawn_class<Actor, caf::hidden>(config, home, std::forward<Args>(args)...);
}

} // namespace ccapi::actors
