#pragma once
// store: the port to what keeps conversations beyond the life of the program.

#include "domain/clock.hpp"
#include "domain/content.hpp"
#include "domain/result.hpp"
#include "domain/turn/conversation_info.hpp"
#include "domain/turn/event.hpp"
#include "domain/turn/idempotency_record.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ccapi::domain {

/// Who may write to a conversation. On one node it never changes.
using store_epoch = std::uint64_t;

/// Names a turn within its conversation: from 1, in the order in which they were committed. 0:
/// none.
using turn_number = std::int64_t;

enum class stored_state : std::uint8_t {
  finished,    ///< answered; the dialogue can go on behind it
  interrupted, ///< kept for the record only: its client left before the end
};

/// One turn in a conversation's tree. What it says stands behind what its parent ends with.
struct stored_turn {
  turn_number parent = 0; ///< 0: it begins the dialogue
  stored_state state = stored_state::finished;
  std::string request_id{};
  std::string model{};     ///< as the process was asked for it
  std::string model_ran{}; ///< as the CLI reported it; empty if it did not come to that
  /// The dialogue's from this turn on. Nothing: its parent's.
  std::optional<std::string> system_prompt{};
  /// What it adds behind its parent's, the query and what was answered last.
  std::vector<message> messages{};
  std::uint64_t depth = 0; ///< messages of the dialogue with it
  finish_reason reason = finish_reason::stop;
  domain::usage usage{};
  std::int64_t cost_microdollars = 0; ///< by the CLI's own figures; 0 if it told none
  std::chrono::microseconds waited{}; ///< for a process
  std::chrono::microseconds total{};  ///< from when it came to its conversation
  wall_time at{};                     ///< of its end
};

/// A conversation as the store has it, without what was said. `info.message_count` is of the path
/// to its head.
struct stored_conversation {
  std::string tenant{};
  conversation_info info{};
  /// False: only kept until its dialogue is heard of again, or store.unnamed_minutes are over; not
  /// listed.
  bool named = true;
  turn_number last = 0; ///< of all its turns
  turn_number head = 0; ///< the one that the dialogue goes on behind; 0: it has none yet
  store_epoch epoch = 0;
};

/// Where a turn of the path to the head ends.
struct turn_end {
  turn_number turn = 0;
  std::uint64_t depth = 0; ///< messages of the dialogue with it

  friend bool operator==(const turn_end&, const turn_end&) = default;
};

/// A conversation with the dialogue so far.
struct stored_dialogue {
  stored_conversation about{};
  std::string model{};          ///< of the head's dialogue; empty without a head
  std::string system_prompt{};  ///< the same
  std::vector<turn_end> path{}; ///< the turns from the first one to the head
  std::vector<message> messages{};
};

// -- writes --------------------------------------------------------------------------------------

/// One more turn. Makes the conversation if the store has none of this name and `expected_last` is
/// 0. Stale if its last turn or its epoch is another one.
struct append_turn {
  /// As it is with the turn. `last` and `head` are those ahead of it: the store sets them.
  stored_conversation after{};
  turn_number expected_last = 0;
  stored_turn turn{};
};

/// A conversation that was made without a turn, or other labels, name or model for one that exists.
/// Its turns, head and totals stay. Stale if `info.id` exists and `fresh`.
struct put_conversation {
  stored_conversation what{};
  bool fresh = false; ///< it must not exist yet
};

/// With all its turns. Committed also if there was none.
struct remove_conversation_of {
  std::string tenant{};
  std::string id{};
  /// Leave it alone if it is named by now.
  bool unless_named = false;
};

/// In place of any that the tenant has for this key.
struct put_idempotency_record {
  idempotency_record what{};
};

using store_write =
  std::variant<append_turn, put_conversation, remove_conversation_of, put_idempotency_record>;

/// Memory behind a write, estimated.
std::size_t heap_bytes(const store_write& what) noexcept;

enum class store_outcome : std::uint8_t {
  committed,   ///< it is on the disk, or as the store's durability promises
  stale,       ///< what it is based on is no longer so; nothing was written
  unavailable, ///< the store can't write; nothing was written. store_state tells why
};

// -- reads ---------------------------------------------------------------------------------------

/// How a store fares. `reason`: empty if it does well, else one paragraph for the operator, what is
/// wrong and what to do; holds no path outside of the store's own and nothing of what is stored.
struct store_state {
  std::string reason{};
  std::uint64_t bytes = 0;         ///< on the disk
  std::uint64_t conversations = 0; ///< named ones; as of the last count
  std::uint64_t commits = 0;       ///< transactions
  std::uint64_t writes = 0;        ///< in these
  std::uint64_t failures = 0;      ///< of transactions and reads
};

/// What sweep() goes by. 0: no limit.
struct retention {
  std::chrono::hours named{};              ///< since the last turn; store.retention_days
  std::chrono::minutes unnamed{};          ///< the same; store.unnamed_minutes
  std::uint64_t bytes_max = 0;             ///< store.bytes_max
  std::chrono::seconds idempotency{};      ///< since the answer; idempotency.ttl_seconds
  std::uint64_t idempotency_bytes_max = 0; ///< of all records; idempotency.bytes_max
};

/// Blocks while it works: for one thread of its own, which makes all calls. Never throws for what
/// the disk does; reads fail with error_code::store_unavailable.
class store {
public:
  virtual ~store() = default;

  /// In one transaction, in order; one outcome each. A write that is stale does not keep the others
  /// from being committed; where the disk refuses, all that are not stale are unavailable.
  [[nodiscard]] virtual std::vector<store_outcome> write(std::span<const store_write> writes) = 0;

  /// Nothing: the tenant has none of this id.
  [[nodiscard]] virtual result<std::optional<stored_dialogue>> load(const std::string& tenant,
                                                                    const std::string& id) = 0;
  [[nodiscard]] virtual result<std::optional<stored_conversation>> find(const std::string& tenant,
                                                                        const std::string& id) = 0;
  [[nodiscard]] virtual result<conversation_page> list(const page_query& query) = 0;
  /// When that conversation was last used, as list() orders by it.
  [[nodiscard]] virtual result<std::optional<wall_time>> updated_at(const std::string& tenant,
                                                                    const std::string& id) = 0;

  /// Nothing: the tenant has none for this key. One that is past its time may still be found.
  [[nodiscard]] virtual result<std::optional<idempotency_record>>
  find_idempotency_record(const std::string& tenant, const std::string& key) = 0;

  /// Deletes some of what is past its time, beyond the size (unnamed ones first, then the longest
  /// unused), or left of a long conversation that was removed, a small bounded part per call. True:
  /// there is more.
  virtual bool sweep(const retention& keep, wall_time now) = 0;

  /// Tries to get well again, if it is not; cheap if it is.
  virtual void recover() = 0;

  [[nodiscard]] virtual store_state state() const = 0;
};

} // namespace ccapi::domain
