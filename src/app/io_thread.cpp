#include "io_thread.hpp"

#include <algorithm>
#include <utility>

namespace ccapi {

io_thread::io_thread(caf::actor_system& system, const domain::placement& placement,
                     const config::settings& settings, const observe::logger& log,
                     const actors::supervisor_actor& supervisor, const domain::health& health,
                     std::shared_ptr<domain::model_knowledge> models,
                     std::shared_ptr<domain::asked_openings> asked,
                     std::shared_ptr<const domain::cache_hasher> cache_hasher,
                     actors::account_books account, const actors::conversation_store_actor& store,
                     std::shared_ptr<domain::store_backlog> store_backlog)
  : home{system, loop},
    shard{.home = home,
          .placement = placement,
          .settings = settings,
          .log = log,
          .supervisor = supervisor,
          .store = store,
          .front_end = {},
          .health = health,
          .totals = {},
          .conversations = {std::max<std::size_t>(
                              settings.conversation.stored_max / placement.shards(), 1),
                            settings.conversation.stored_bytes_max / placement.shards()},
          .models = std::move(models),
          .store_backlog = std::move(store_backlog),
          .asked = std::move(asked),
          .cache_hasher = std::move(cache_hasher),
          .account = std::move(account)},
    front_end{actors::spawn_on<actors::front_end>(home, std::ref(shard))},
    gateway{front_end_object()} {}

actors::front_end& io_thread::front_end_object() const {
  return static_cast<actors::front_end&>(*caf::actor_cast<caf::abstract_actor*>(front_end));
}

void io_thread::run() {
  // An exception here is a defect that left some turn in the air: noexcept ends the program (and
  // with it, by the life pipes, every child) rather than one thread in silence.
  thread = std::thread{[this]() noexcept {
    loop.run();
    ended.set_value();
  }};
}

bool io_thread::end(std::chrono::milliseconds patience) {
  if (!thread.joinable()) {
    loop.poll(); // never ran: its actors end here
    return true;
  }
  const bool done = ended.get_future().wait_for(patience) == std::future_status::ready;
  if (!done)
    loop.stop();
  thread.join();
  return done;
}

} // namespace ccapi
