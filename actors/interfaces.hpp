#pragma once
// Every typed handle, bottom-up. One line per message: who sends it, what answers it. The messages
// themselves are in messages.hpp.

#include "actors/compat.hpp"
#include "actors/message_list.hpp"
#include "domain/metrics/metrics.hpp"
#include "domain/pool/process_pool.hpp"

namespace ccapi::actors {

/// Whoever keeps figures for /stats.
using status_client_actor = caf::typed_actor<
  // stats collector asks for this one's part of the figures
  answers<domain::stats>::to<collect>>;

/// Whoever ordered a turn of a process. A child never knows its parent's whole interface.
using turn_listener_actor = caf::typed_actor<
  // process: a turn is over
  takes<turn_ended>>;

/// Whoever knows which conversation has a process.
using process_listener_actor = caf::typed_actor<
  // process: it takes no more turns
  takes<process_ended>>;

/// One CLI child. Stays on one I/O thread; ends by itself when the child is reaped.
using claude_process_actor = caf::typed_actor<
  // conversation: run a turn; ends in turn_ended
  takes<run_turn>,
  // conversation: its client is gone
  takes<cancel_turn>,
  // conversation: the sink has room again
  takes<grant_credit>,
  // conversation: end
  takes<close_process>,
  // supervisor: idle?
  answers<domain::idle_report>::to<probe_idle>,
  // supervisor: end if idle
  answers<bool>::to<retire>,
  // supervisor: the child is reaped
  takes<child_exited>>;

/// One conversation that has a turn. Lives on the I/O thread that its id names.
using conversation_actor = turn_listener_actor::extend<
  // front end, as its process said: that takes no more turns
  takes<process_ended>,
  // front end: a turn; its events go to the sink
  takes<submit_turn>,
  // front end: a client is gone
  takes<cancel_turn>,
  // front end: a sink has room again
  takes<grant_credit>,
  // front end: the gateway ends
  takes<close_all>,
  // front end: a client has removed it
  takes<forget_conversation>,
  // itself: a turn's next run is due
  takes<run_again>>;

/// Hears how the gateway fares.
using health_listener_actor = caf::typed_actor<
  // supervisor: it changed
  takes<health_changed>>;

/// Where the events of a turn go that runs on another I/O thread.
using turn_events_listener_actor = caf::typed_actor<
  // the conversation's thread: a batch
  takes<turn_events>>;

/// Keeps conversations on disk. Detached: it blocks while the disk works.
using conversation_store_actor = status_client_actor::extend<
  // conversation, front end: a turn, or a change; answered when it is committed
  answers<stored_outcome>::to<write_stored>,
  // conversation: a dialogue
  answers<loaded_reply>::to<load_stored>,
  // front end: what a conversation is like
  answers<stored_reply>::to<show_stored>,
  // front end: other labels
  answers<stored_reply>::to<label_stored>,
  // front end: a page of them
  answers<stored_page_reply>::to<list_stored>,
  // front end: what an Idempotency-Key was answered with
  answers<idempotency_record_reply>::to<find_idempotency_record>,
  // itself: writes have come in
  takes<flush_writes>,
  // app: the configuration was read anew
  takes<settings_changed>,
  // itself: anything past its time?
  takes<tick>>;
/// Answers kept for equal requests, on each I/O thread, and the runs that such requests share.
using response_cache_actor = caf::typed_actor<
  // front end of another thread: a turn whose key this one owns; its events go there
  takes<join_run>,
  // front end of another thread: such a turn's client is gone
  takes<cancel_turn>,
  // front end of another thread: such a turn's sink has room again
  takes<grant_credit>,
  // response cache of another thread: an answer is kept
  takes<answer_kept>,
  // response cache of another thread: it no longer is
  takes<answer_dropped>,
  // itself: readers can go on
  takes<feed_readers>>;

/// Owns the process slots. Runs on CAF's scheduler.
using supervisor_actor = status_client_actor::extend<
  // conversation: a process, or the reason why not
  answers<lease_reply>::to<lease_request>,
  // conversation: no longer wanted
  takes<withdraw_lease>,
  // process: it has an actor now
  takes<process_claimed>,
  // process: it came up, or not
  takes<process_booted>,
  // process: idle at last
  takes<process_idle>,
  // conversation: the idle process it was promised has its turn, or is not wanted
  takes<handover_over>,
  // process: no good, for what it was told ahead
  takes<priming_failed>,
  // conversation: the login failed, or works again
  takes<login_report>,
  // store, front end: it does well, or not
  takes<store_report>,
  // launcher: started, or not
  takes<child_started>,
  // launcher: a spare has come up
  takes<child_spoke>,
  // launcher: reaped
  takes<child_exited>,
  // app: start-up and shutdown
  takes<attach_listeners>, takes<drain>,
  // app: the configuration was read anew
  takes<settings_changed>,
  // itself: waiters out of time?
  takes<tick>>;

/// HTTP's partner on one I/O thread, and the home of the conversations that live there.
using front_end_actor = status_client_actor::extend<
  // another front end: a turn of a conversation that lives here
  takes<open_turn>,
  // another front end: its client is gone
  takes<cancel_turn>,
  // another front end: its sink has room again
  takes<grant_credit>,
  // app: the configuration was read anew
  takes<settings_changed>,
  // a front end, for its client: make an empty conversation here
  answers<conversation_reply>::to<create_conversation>,
  // a front end, for its client: what is known of a conversation that lives here, if it does
  answers<conversation_reply>::to<show_conversation>,
  // a front end, for its client: the newest conversations that live here
  answers<conversation_page_reply>::to<list_conversations>,
  // a front end, for its client: other labels
  answers<conversation_reply>::to<label_conversation>,
  // a front end, for its client: end it and forget it
  answers<conversation_reply>::to<remove_conversation>,
  // app: the gateway ends
  takes<close_all>,
  // itself: who has rested for too long?
  takes<tick>>::extend_with<process_listener_actor>::extend_with<health_listener_actor>::
  extend_with<turn_events_listener_actor>;

/// Adds up what the others count. Runs on CAF's scheduler.
using stats_collector_actor = status_client_actor;

} // namespace ccapi::actors
