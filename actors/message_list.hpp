#pragma once
// The name of each message between actors, in the order of messages.hpp, and what CAF has to know
// of them. All stay in this program: one that crosses nodes needs `inspect` and a list of its own.

#include "domain/metrics/metrics.hpp"
#include "domain/pool/process_pool.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>

#define CCAPI_MESSAGES(X)                                                                          \
  X(open_turn)                                                                                     \
  X(join_run)                                                                                      \
  X(answer_kept)                                                                                   \
  X(answer_dropped)                                                                                \
  X(feed_readers)                                                                                  \
  X(turn_events)                                                                                   \
  X(submit_turn)                                                                                   \
  X(cancel_turn)                                                                                   \
  X(grant_credit)                                                                                  \
  X(run_turn)                                                                                      \
  X(turn_ended)                                                                                    \
  X(process_ended)                                                                                 \
  X(lease_request)                                                                                 \
  X(lease_reply)                                                                                   \
  X(withdraw_lease)                                                                                \
  X(process_claimed)                                                                               \
  X(child_started)                                                                                 \
  X(child_spoke)                                                                                   \
  X(child_exited)                                                                                  \
  X(priming_failed)                                                                                \
  X(probe_idle)                                                                                    \
  X(process_booted)                                                                                \
  X(process_idle)                                                                                  \
  X(handover_over)                                                                                 \
  X(retire)                                                                                        \
  X(close_process)                                                                                 \
  X(login_report)                                                                                  \
  X(health_changed)                                                                                \
  X(attach_listeners)                                                                              \
  X(drain)                                                                                         \
  X(settings_changed)                                                                              \
  X(close_all)                                                                                     \
  X(write_stored)                                                                                  \
  X(stored_outcome)                                                                                \
  X(load_stored)                                                                                   \
  X(loaded_reply)                                                                                  \
  X(show_stored)                                                                                   \
  X(label_stored)                                                                                  \
  X(stored_reply)                                                                                  \
  X(list_stored)                                                                                   \
  X(stored_page_reply)                                                                             \
  X(find_idempotency_record)                                                                       \
  X(idempotency_record_reply)                                                                      \
  X(flush_writes)                                                                                  \
  X(store_report)                                                                                  \
  X(label_conversation)                                                                            \
  X(create_conversation)                                                                           \
  X(show_conversation)                                                                             \
  X(remove_conversation)                                                                           \
  X(conversation_reply)                                                                            \
  X(list_conversations)                                                                            \
  X(conversation_page_reply)                                                                       \
  X(forget_conversation)                                                                           \
  X(collect)                                                                                       \
  X(run_again)                                                                                     \
  X(tick)

namespace ccapi::actors {

#define CCAPI_DECLARE(message) struct message;
CCAPI_MESSAGES(CCAPI_DECLARE)
#undef CCAPI_DECLARE

} // namespace ccapi::actors

CAF_BEGIN_TYPE_ID_BLOCK(ccapi, first_custom_type_id)
#define CCAPI_TYPE_ID(message) CAF_ADD_TYPE_ID(ccapi, (ccapi::actors::message))
CCAPI_MESSAGES(CCAPI_TYPE_ID)
#undef CCAPI_TYPE_ID
CAF_ADD_TYPE_ID(ccapi, (ccapi::domain::idle_report))
CAF_ADD_TYPE_ID(ccapi, (ccapi::domain::stats))
CAF_END_TYPE_ID_BLOCK(ccapi)

#define CCAPI_STAYS_LOCAL(message) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ccapi::actors::message)
CCAPI_MESSAGES(CCAPI_STAYS_LOCAL)
#undef CCAPI_STAYS_LOCAL
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ccapi::domain::idle_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ccapi::domain::stats)
