#pragma once
// response_cache: answers kept for equal requests, and the runs that such requests share.

#include "actors/interfaces.hpp"
#include "actors/io/asio_host.hpp"
#include "actors/io/io_shard.hpp"
#include "actors/messages.hpp"
#include "domain/cache/answer_shelf.hpp"
#include "domain/cache/cache_entry.hpp"
#include "domain/cache/shared_run.hpp"
#include "domain/turn/gateway.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace ccapi::actors {

/// Runs a turn for the cache. On its I/O thread.
class turn_runner : public domain::turn_control {
public:
  /// As domain::gateway::submit, of a turn that counts as no client's.
  virtual domain::turn_id run(domain::chat_request&& request,
                              std::shared_ptr<domain::event_sink> sink) = 0;
};

/// One per I/O thread. Knows all kept answers, so that a hit never leaves the thread of its
/// connection; owns the keys of dialogues that live here: whether their answers are kept, and
/// which of their requests share a run. Beside the mail of others its front end calls it; all calls
/// on that thread.
class response_cache final : public on_io<response_cache_actor::base> {
public:
  response_cache(caf::actor_config& config, io_home& home, io_shard& shard, turn_runner& runner);

  /// Those of all threads in order. Call once, before the threads run.
  void connect(std::vector<response_cache_actor> all);
  [[nodiscard]] const response_cache_actor& at(const domain::home& where) const {
    return all_[where.shard];
  }

  /// As domain::gateway::look_up.
  domain::cache_finding look_up(domain::chat_request& request, const domain::cache_rules& allowed);
  /// Gives a turn the run of an equal request, or one of its own. Only for keys that this thread
  /// owns: where the dialogue lives. Nothing is heard from inside the call.
  void join(domain::turn_id turn, domain::chat_request&& request,
            std::shared_ptr<domain::event_sink> sink);
  /// The turn's client is gone. Harmless for a turn that is over.
  void leave(domain::turn_id turn);
  /// It has taken so many bytes. Harmless for a turn that is over.
  void grant(domain::turn_id turn, std::size_t bytes);
  /// The shard's settings are others now.
  void settings_changed();
  /// The runner ends: nothing is run, shared or told any more.
  void detach();
  /// Sets the gauges.
  void fill_in(domain::stats& figures);

  const char* name() const override { return "response_cache"; }
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  struct flight;
  class run_sink;
  using reader = domain::shared_run::reader;
  struct seat {
    std::shared_ptr<flight> in;
    std::shared_ptr<reader> who;
  };

  [[nodiscard]] domain::answer_shelf::limits limits() const noexcept;
  [[nodiscard]] domain::steady_time now() { return home().system().clock().now(); }
  std::shared_ptr<flight> flight_for(const domain::chat_request& request);
  void start(const std::shared_ptr<flight>& made, domain::chat_request&& request);
  bool replay(domain::turn_id turn, const domain::cache_key& key,
              const std::shared_ptr<domain::event_sink>& sink);
  void feed_later(domain::turn_id turn);
  void on_feed_readers();
  void on_run_event(flight& from, domain::event&& what);
  void on_run_flush(flight& from);
  void close(flight& ended);
  void settle(flight& about);
  void forget(const reader& who) { seats_.erase(who.turn()); }
  void keep(const flight& ended);
  void tell_dropped();
  /// Sends it to the caches of the other threads.
  template <class Message>
  void tell_others(const Message& what);

  io_shard& shard_;
  turn_runner* runner_; ///< null once this actor has ended
  std::vector<response_cache_actor> all_;
  domain::cache_table table_; ///< of all threads
  domain::answer_shelf shelf_;
  std::string scratch_; ///< for keys
  std::vector<domain::answer_shelf::pointer> dropped_;
  /// Runs that others may join, by their keys.
  std::unordered_map<domain::hash128, std::shared_ptr<flight>, domain::hash128_low> open_;
  std::unordered_map<domain::turn_id, seat> seats_;
  std::vector<domain::turn_id> to_feed_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace ccapi::actors
