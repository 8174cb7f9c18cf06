#pragma once
// front_end: HTTP's partner on one I/O thread, and the home of the conversations that live there.

#include "actors/interfaces.hpp"
#include "actors/io/asio_host.hpp"
#include "actors/io/io_shard.hpp"
#include "actors/io/response_cache.hpp"
#include "actors/io/turn_sinks.hpp"
#include "actors/messages.hpp"
#include "domain/home.hpp"
#include "domain/tick_schedule.hpp"
#include "domain/turn/gateway.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace ccapi::actors {

/// One per I/O thread; every call on that thread. A turn belongs to the thread its conversation
/// lives on: on the same one events go straight from the process to the sink, else by mail between
/// two front ends, a batch per read.
class front_end final : public on_io<front_end_actor::base>, private turn_runner {
public:
  front_end(caf::actor_config& config, io_home& home, io_shard& shard);

  /// The front ends and response caches of all threads in order, and who collects figures. Call
  /// once, before the threads run.
  void connect(std::vector<front_end_actor> all, std::vector<response_cache_actor> caches,
               stats_collector_actor collector);
  /// Of this thread; ends with the front end.
  [[nodiscard]] const response_cache_actor& cache() const noexcept { return cache_handle_; }

  // -- domain::gateway, for gateway_client --
  domain::cache_finding look_up(domain::chat_request& request, const domain::cache_rules& allowed);
  domain::turn_id submit(domain::chat_request&& request, std::shared_ptr<domain::event_sink> sink);
  void cancel(domain::turn_id turn) override;
  void acknowledge(domain::turn_id turn, std::size_t bytes) override;
  [[nodiscard]] const domain::health& health() const noexcept { return shard_.health; }
  [[nodiscard]] domain::stats& totals() noexcept { return shard_.totals; }
  [[nodiscard]] std::int64_t spent_today(std::string_view tenant) const {
    return shard_.account.spending->today(tenant, std::chrono::system_clock::now());
  }
  void collect_stats(const std::function<void(const domain::stats&)>& done);
  using info_callback = std::function<void(domain::result<domain::conversation_info>)>;
  using page_callback = std::function<void(domain::result<domain::conversation_page>)>;
  using record_callback =
    std::function<void(const std::shared_ptr<const domain::idempotency_record>&)>;
  void create(std::string tenant, domain::new_conversation wanted, info_callback callback);
  void show(domain::conversation_name name, info_callback callback);
  void label(domain::conversation_name name, domain::conversation_labels labels,
             info_callback callback);
  void remove(domain::conversation_name name, info_callback callback);
  void list(domain::page_query query, const std::string& after, page_callback callback);

  bool find_record(const std::string& tenant, const std::string& key, record_callback callback);
  void keep_record(domain::idempotency_record&& record);

  const char* name() const override { return "front_end"; }
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  /// Who has the turn, and for whom.
  enum class turn_kind : std::uint8_t {
    direct, ///< a conversation, for a client
    shared, ///< a response cache, for a client
    run,    ///< a conversation, for the response cache
  };
  struct submitted_turn {
    std::shared_ptr<local_sink> sink;
    domain::home home{}; ///< the conversation's, or the cache's
    turn_kind kind = turn_kind::direct;
    std::size_t credit_owed = 0; ///< acknowledged by the sink, not yet passed on
  };

  /// Which conversation a turn belongs to.
  struct matched {
    std::shared_ptr<conversation_record> record;
    domain::dialogue known{};
    bool allow_full_rewind = false;               ///< as in submit_turn
    std::shared_ptr<conversation_record> donor{}; ///< as in submit_turn
  };

  /// Whom to tell what concerns a conversation that lives there.
  [[nodiscard]] const front_end_actor& front_end_at(const domain::home& where) const {
    return all_[where.shard];
  }
  domain::turn_id run(domain::chat_request&& request,
                      std::shared_ptr<domain::event_sink> sink) override;
  std::shared_ptr<local_sink> enter(domain::turn_id turn, const domain::home& where, turn_kind kind,
                                    std::shared_ptr<domain::event_sink> sink);
  void share(domain::turn_id turn, domain::chat_request&& request,
             std::shared_ptr<domain::event_sink> sink);
  void submit_to_conversation(domain::turn_id turn, turn_kind kind, domain::chat_request&& request,
                              std::shared_ptr<domain::event_sink> sink);
  /// Tells whoever has a turn.
  template <class Message>
  void tell_owner(const submitted_turn& of, const Message& what);
  void to_cache(const cancel_turn& what) { cache_.leave(what.turn); }
  void to_cache(const grant_credit& what) { cache_.grant(what.turn, what.bytes); }
  void open(domain::turn_id turn, domain::chat_request&& request,
            std::shared_ptr<domain::event_sink> sink);
  /// Settles the request's opening.
  matched find_or_make(domain::chat_request& request);
  /// Settles `found.record`, null for a new one; gives whose process may be taken, if anybody's.
  std::shared_ptr<conversation_record> choose_among_known(matched& found);
  void to_conversation(const cancel_turn& what);
  void to_conversation(const grant_credit& what);
  void on_turn_events(turn_events& batch);
  /// A new one with an id of its own.
  std::shared_ptr<conversation_record> make_conversation(const std::string& tenant);
  using pending_reply = caf::typed_response_promise<conversation_reply>;
  pending_reply on_create_conversation(create_conversation& what);
  pending_reply on_show_conversation(const show_conversation& what);
  pending_reply on_label_conversation(label_conversation& what);
  pending_reply on_remove_conversation(const remove_conversation& what);
  /// Nothing: the store did not answer in time, and may do it yet.
  using write_callback = std::function<void(std::optional<domain::store_outcome>)>;
  /// Writes to the store, and answers when that is done: with `info` if it was committed. `then`
  /// hears of it first. Without a store, at once, as if it was.
  void answer_when_written(pending_reply answer, domain::store_write write,
                           domain::conversation_info info, write_callback then);
  /// Takes it out of what is known here. Its turns fail, its process ends.
  void forget(conversation_record& record);
  /// Removes one that is known here, also from the store.
  void remove_known(pending_reply answer, const std::shared_ptr<conversation_record>& record);
  /// Answers with what the store says.
  template <class Message>
  void answer_from_store(pending_reply answer, Message what);
  void list_all(const domain::page_query& query, page_callback callback);
  /// Sends one of the messages above to the front end of a thread, maybe this one.
  template <class Message>
  void ask(const domain::home& where, Message message, info_callback callback);
  void on_process_ended(const process_ended& what);
  /// Ends the process of a conversation that has no turn.
  void end_rest(conversation_record& record);
  void on_close_all();
  void on_settings_changed(const settings_changed& what);
  void on_tick();
  void arm_tick();
  void submitted_turn_over(domain::turn_id turn, const domain::event& outcome);
  [[nodiscard]] domain::stats figures();

  io_shard& shard_;
  std::vector<front_end_actor> all_;
  stats_collector_actor collector_;
  const response_cache_actor cache_handle_;
  response_cache& cache_;                                          ///< the same
  std::unordered_map<domain::turn_id, submitted_turn> submitted_;  ///< by clients of this thread
  std::size_t runs_ = 0;                                           ///< among them, for the cache
  std::unordered_map<domain::turn_id, conversation_actor> hosted_; ///< run on this thread
  domain::tick_schedule ticks_;
  /// False once this actor has ended; sinks may outlive it.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace ccapi::actors
