#pragma once
// What actors tell each other. One struct per message; interfaces.hpp says who answers what,
// message_list.hpp makes them known to CAF.

#include "actors/interfaces.hpp"
#include "claude/launch.hpp"
#include "config/settings.hpp"
#include "domain/cache/cache_entry.hpp"
#include "domain/dialogue/prefix_index.hpp"
#include "domain/metrics/metrics.hpp"
#include "domain/metrics/status.hpp"
#include "domain/models/turn_settings.hpp"
#include "domain/pool/process_kind.hpp"
#include "domain/pool/process_pool.hpp"
#include "domain/pool/prompt_forecast.hpp"
#include "domain/store/backlog.hpp"
#include "domain/store/store.hpp"
#include "domain/turn/chat_request.hpp"
#include "domain/turn/event_sink.hpp"
#include "domain/turn/gateway.hpp"
#include "process/child_process.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::actors {

struct conversation_record;

/// front end -> front end of the conversation's thread: a turn that was submitted elsewhere.
struct open_turn {
  domain::turn_id turn = 0;
  domain::chat_request request{};
  turn_events_listener_actor origin{};
};

/// front end -> response cache of the thread that owns its key: a turn that may share a run.
struct join_run {
  domain::turn_id turn = 0;
  domain::chat_request request{}; ///< has a cache_key
  turn_events_listener_actor origin{};
};

/// Owner of a key -> response caches of the other threads: its answer is kept.
struct answer_kept {
  std::shared_ptr<const domain::cache_entry> entry{};
};

/// Owner of a key -> response caches of the other threads: its answer is kept no longer.
struct answer_dropped {
  std::shared_ptr<const domain::cache_entry> entry{};
};

/// response cache to itself: some readers can go on in their logs.
struct feed_readers {};

/// Conversation's thread -> origin of the turn: events in order, a batch per read.
struct turn_events {
  domain::turn_id turn = 0;
  std::vector<domain::event> events{};
};

/// front end -> conversation: a turn that belongs to it.
struct submit_turn {
  domain::turn_id turn = 0;
  domain::chat_request request{};
  std::shared_ptr<domain::event_sink> sink{};
  std::chrono::steady_clock::time_point since{}; ///< when it came to this thread
  /// Of a request that brings its dialogue whole: what is known of it. Null: nothing.
  domain::dialogue known{};
  bool allow_full_rewind = false; ///< nothing of what its process holds may be wanted
  /// Whose process its conversation got for it. Null: nobody's.
  std::shared_ptr<conversation_record> donor{};
};

/// front end -> (front end ->) conversation -> process, or response cache: the client is gone.
struct cancel_turn {
  domain::turn_id turn = 0;
};

/// front end -> (front end ->) conversation -> process, or response cache: delta bytes have left.
struct grant_credit {
  domain::turn_id turn = 0;
  std::size_t bytes = 0;
};

/// conversation -> process: run this turn. One at a time.
struct run_turn {
  domain::turn_id turn = 0;
  turn_listener_actor listener{}; ///< whom to tell how it ended
  std::string request_id{};
  std::shared_ptr<domain::event_sink> sink{};
  domain::dialogue before{}; ///< all that comes ahead of the query; its root has the system prompt
  std::size_t rewinds = 0;   ///< questions to be taken back first
  bool nameless = false;     ///< its conversation is: idle, the process may be led back to nothing
  domain::messages_of_dialogue seed{}; ///< what of `before` the process does not know yet
  domain::message query{};
  std::string model{};                                   ///< as the process was asked for it
  domain::turn_settings settings{};                      ///< what the turn is asked with
  std::chrono::steady_clock::time_point deadline{};      ///< of the turn, all its runs together
  bool started = false;                                  ///< an earlier run has sent answer_started
  std::shared_ptr<const domain::answer_format> format{}; ///< that the answer must have; null: any
  bool in_one_piece = false; ///< with a format: its text waits until it has been checked
  bool must_call = false;    ///< its text waits for a call; an answer without one has failed
};

enum class turn_outcome : std::uint8_t {
  finished,    ///< answered; `answer` extends the dialogue
  failed,      ///< for a reason that the client is told
  lost,        ///< the process failed; the sink knows nothing of it and saw no delta
  cancelled,   ///< the client left
  not_started, ///< the process was on its way out: run it elsewhere
};

/// process -> conversation: the turn is over, the process's part of it, too.
struct turn_ended {
  domain::turn_id turn = 0;
  domain::process_id process = 0;
  turn_outcome outcome = turn_outcome::failed;
  domain::message answer{}; ///< what the client saw; not all of it unless finished
  /// The process waits for the next turn. It holds what it held before the query and, if the turn
  /// finished and was not rewound, query and answer.
  bool reusable = false;
  bool rewound = false;
  std::size_t rewindable = 0; ///< questions at its end that it can take back
  std::size_t open_calls = 0; ///< calls that the answer ends with, whose results it waits for
  domain::usage usage{};
  std::optional<domain::error> failure{}; ///< if failed or lost
  bool started = false;                   ///< the sink got answer_started
  /// For the sink, when the conversation has taken note of all this.
  std::optional<domain::event> last_word{};
};

/// process -> front end -> conversation that has it: it takes no more turns. A turn that it has not
/// reported on by now, it never saw.
struct process_ended {
  domain::process_id process = 0;
};

/// conversation -> supervisor: a process, please. Answered by lease_reply.
struct lease_request {
  domain::lease_id lease = 0;
  domain::process_kind kind{};
  domain::tenant_prompt prompt{}; ///< of the dialogue that it is for
  std::string request_id{};
  domain::process_origin origin{};
  bool fresh = false;                                 ///< as in domain::process_wish
  std::optional<domain::steady_time> waiting_since{}; ///< as in domain::process_wish
};

/// Dropping the last copy of `child` ends the child.
struct lease_reply {
  std::shared_ptr<process::child_process> child{}; ///< null: see handover, failure
  /// The idle process on your thread, of the wanted root, that is to be led back to nothing.
  /// Dropping the last copy tells the supervisor that you have it, or do without.
  std::shared_ptr<const domain::process_id> handover{};
  /// With a handover: since when this wish has waited. Ask again with it if that process can't be
  /// had.
  std::optional<domain::steady_time> waiting_since{};
  std::optional<domain::error> failure{};
  bool spare = false; ///< it was started ahead
  /// What it was told ahead, which suits the wanted prompt.
  std::optional<claude::priming> primed{};
};

/// conversation -> supervisor: the turn that waits for this lease is cancelled.
struct withdraw_lease {
  domain::lease_id lease = 0;
};

/// process -> supervisor: this actor runs that child now. Answered by child_exited, when it has.
struct process_claimed {
  domain::process_id process = 0;
  claude_process_actor handle{};
};

/// launcher -> supervisor.
struct child_started {
  domain::process_id process = 0;
  std::shared_ptr<process::child_process> child{}; ///< null: see failure
  std::optional<domain::error> failure{};
};

/// launcher -> supervisor: a spare child has begun to talk.
struct child_spoke {
  domain::process_id process = 0;
};

/// launcher -> supervisor -> process: the child is reaped.
struct child_exited {
  domain::process_id process = 0;
  process::exit_status status{};
};

/// process -> supervisor: what it was told ahead can't be undone, so it is of no use.
struct priming_failed {
  domain::process_id process = 0;
};

/// supervisor -> process: idle? Answered by domain::idle_report; a busy one also sends process_idle
/// when it has become idle, and whenever it parks before.
struct probe_idle {};

/// process -> supervisor: it came up, or why not. Not sent if it was told to end before.
struct process_booted {
  domain::process_id process = 0;
  std::string version{}; ///< of the CLI, if it came up
  std::optional<domain::error> failure{};
};

/// process -> supervisor: idle now, or parked (sent after a probe that found it busy).
struct process_idle {
  domain::idle_report report{};
};

/// conversation -> supervisor, by dropping lease_reply::handover: whoever was to have the idle
/// process has given it a turn, or does without.
struct handover_over {
  domain::process_id process = 0;
};

/// supervisor -> process: end, if idle. Answered by bool: it does.
struct retire {
  bool even_parked = false; ///< also if it waits for the results of calls
};

/// conversation or app -> process: end, whatever you do.
struct close_process {};

/// conversation -> supervisor: the CLI's login was refused, or works again.
struct login_report {
  bool works = false;
};

/// supervisor -> front ends.
struct health_changed {
  domain::health health{};
};

/// app -> supervisor: who hears of health changes.
struct attach_listeners {
  std::vector<health_listener_actor> listeners{};
};

/// app -> supervisor: no new work from now on.
struct drain {};

/// app -> supervisor, front ends: the configuration was read anew.
struct settings_changed {
  std::shared_ptr<const config::settings> values{};
};

/// app -> front end -> conversations: end all turns and processes.
struct close_all {};

/// front end -> front end of the thread where it shall live. Answered by conversation_reply.
struct create_conversation {
  std::string tenant{};
  domain::new_conversation wanted{};
};

/// front end -> front end of the conversation's thread. Answered by conversation_reply.
struct show_conversation {
  domain::conversation_name name{};
};

/// front end -> front end of the conversation's thread: other labels. Answered by
/// conversation_reply.
struct label_conversation {
  domain::conversation_name name{};
  domain::conversation_labels labels{};
};

/// front end -> front end of the conversation's thread. Answered by conversation_reply.
struct remove_conversation {
  domain::conversation_name name{};
};

struct conversation_reply {
  std::optional<domain::conversation_info> found{};
  bool store_failed = false; ///< the store could not be read, or not be written
};

/// front end -> all front ends. Answered by conversation_page_reply.
struct list_conversations {
  domain::page_query query{};
};

struct conversation_page_reply {
  domain::conversation_page page{};
};

/// front end -> conversation: it is no longer known. Its turns fail with not_found, its process
/// ends.
struct forget_conversation {};

/// Anybody -> supervisor, front end, stats collector. Answered by domain::stats: the part of the
/// figures that the asked one keeps.
struct collect {};

// -- the store -----------------------------------------------------------------------------------

/// conversation, front end -> store. Answered by stored_outcome once it is committed, or is not.
struct write_stored {
  domain::store_write what{};
  domain::store_backlog::place place{}; ///< among what waits for the store
};
struct stored_outcome {
  domain::store_outcome outcome = domain::store_outcome::unavailable;
};

/// conversation -> store: all that is known of a conversation. Answered by loaded_reply.
struct load_stored {
  domain::conversation_name name{};
};
struct loaded_reply {
  bool readable = false; ///< false: nobody knows whether there is one
  std::shared_ptr<domain::stored_dialogue> found{};
};

/// front end -> store: what a conversation is like. Answered by stored_reply.
struct show_stored {
  domain::conversation_name name{};
};
/// front end -> store: other labels. Answered by stored_reply.
struct label_stored {
  domain::conversation_name name{};
  domain::conversation_labels labels{};
};
struct stored_reply {
  bool able = false; ///< false: the store could not do it
  std::optional<domain::conversation_info> found{};
};

/// front end -> store. Answered by stored_page_reply.
struct list_stored {
  domain::page_query query{};
};
struct stored_page_reply {
  bool readable = false;
  domain::conversation_page page{};
};

/// front end -> store. Answered by idempotency_record_reply.
struct find_idempotency_record {
  std::string tenant{};
  std::string key{};
  domain::store_backlog::place place{}; ///< among what waits for the store
};
struct idempotency_record_reply {
  std::shared_ptr<const domain::idempotency_record> found{}; ///< null: none, or nobody can tell
};

/// store to itself: commit what has come in.
struct flush_writes {};

/// store, or whoever has waited for it in vain -> supervisor: how it fares.
struct store_report {
  std::string reason{}; ///< as in domain::store_state
};

/// Of a store that has not answered in time.
inline store_report silent_store() {
  return {
    "The store of conversations does not answer in time: its disk is slow or hangs. Answers go "
    "on, but are not kept. It is tried again with every turn."};
}

/// How many times store.commit_timeout a look into the store may take that a turn waits for.
inline constexpr int load_patience = 5;

/// conversation to itself: the pause before a turn's next run is over.
struct run_again {
  domain::turn_id turn = 0;
};

/// An actor to itself: look whether something is due.
struct tick {};

} // namespace ccapi::actors
