#pragma once
// gateway: the port through which a client's dialect reaches the actors.

#include "domain/metrics/metrics.hpp"
#include "domain/metrics/status.hpp"
#include "domain/result.hpp"
#include "domain/turn/cached_answer.hpp"
#include "domain/turn/chat_request.hpp"
#include "domain/turn/conversation_info.hpp"
#include "domain/turn/event_sink.hpp"
#include "domain/turn/idempotency_record.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// Names a submitted turn; a unique_number of the I/O thread that submitted it.
using turn_id = std::uint64_t;

/// What a client wants of a conversation that it makes without a turn.
struct new_conversation {
  std::string model; ///< resolved; empty: the first turn's
  conversation_labels labels;
};

/// Names a conversation: ids are a name space per tenant, so that another tenant's conversation is
/// an unknown one. Neither part holds a '/'.
struct conversation_name {
  std::string tenant; ///< as in chat_request
  std::string id;
};

/// What whoever shows a turn's answer does to the turn. On its I/O thread only.
class turn_control {
public:
  virtual ~turn_control() = default;

  /// The client of this turn is gone: the sink hears nothing more and is released; the turn is
  /// interrupted. Harmless for a turn that has ended.
  virtual void cancel(turn_id turn) = 0;

  /// Gives back credit for delta bytes that have left. Harmless for a turn that has ended.
  virtual void acknowledge(turn_id turn, std::size_t bytes) = 0;
};

/// One object per I/O thread; every call on that thread only. Callbacks run on it, too, and never
/// from inside the call that took them.
class gateway : public turn_control {
public:
  /// Before submit: is there an answer to an equal request already? Costs little where the cache is
  /// not for this kind of request. Prepares the request so that its answer is kept and its run
  /// shared with equal ones (chat_request::cache_key); needless if there is a hit.
  virtual cache_finding look_up(chat_request& request, const cache_rules& allowed) = 0;

  /// Starts a turn. Failures of any kind arrive at the sink as turn_failed.
  /// The first event tells which conversation it belongs to; a turn that shares the run of another
  /// one belongs to none.
  virtual turn_id submit(chat_request request, std::shared_ptr<event_sink> sink) = 0;

  // Conversations. All call back within 3 s and store.commit_timeout; with server_busy if a thread
  // did not answer by then, with store_unavailable if the store did not, or could not do it, with
  // not_found if there is no such conversation.

  /// Makes an empty one with a new id.
  virtual void create_conversation(std::string tenant, new_conversation wanted,
                                   std::function<void(result<conversation_info>)> done) = 0;
  /// A page of those in memory and in the store. `after`: begin behind the conversation of this
  /// id, empty for the first page; invalid_request if there is none. `query.after` is not looked
  /// at.
  virtual void list_conversations(page_query query, std::string after,
                                  std::function<void(result<conversation_page>)> done) = 0;
  virtual void show_conversation(conversation_name name,
                                 std::function<void(result<conversation_info>)> done) = 0;
  /// Replaces its labels.
  virtual void label_conversation(conversation_name name, conversation_labels labels,
                                  std::function<void(result<conversation_info>)> done) = 0;
  /// Forgets it: its process ends, its turns fail with not_found. Calls back with its last state.
  virtual void remove_conversation(conversation_name name,
                                   std::function<void(result<conversation_info>)> done) = 0;

  // Idempotency-Keys.

  /// What the tenant's key was answered with, also by an earlier run of the program. Null: nothing,
  /// or nobody can tell. Calls back within five times store.commit_timeout; false, and it never
  /// does, if there is no store to ask, or too much waits for it.
  [[nodiscard]] virtual bool find_idempotency_record(
    const std::string& tenant, const std::string& key,
    std::function<void(const std::shared_ptr<const idempotency_record>&)> done) = 0;
  /// Keeps one for later runs of the program, if there is a store and it can. Nobody hears whether.
  virtual void keep_idempotency_record(idempotency_record record) = 0;

  /// What /health tells; cheap (a replica on this thread).
  [[nodiscard]] virtual const health& current_health() const = 0;

  /// This thread's part of /stats, to count in.
  virtual stats& totals() = 0;

  /// What the turns of a key have cost today (daily_spending), in millionths of a US dollar. Cheap.
  [[nodiscard]] virtual std::int64_t spent_today(std::string_view tenant) const = 0;

  /// Collects the figures of /stats from all threads. Always calls back, within 2 s.
  virtual void collect_stats(std::function<void(const stats&)> done) = 0;
};

} // namespace ccapi::domain
