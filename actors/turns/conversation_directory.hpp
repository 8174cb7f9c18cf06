#pragma once
// conversation_directory: the conversations that live on one I/O thread, with or without an actor,
// and the processes that wait for the next turn with them.

#include "actors/interfaces.hpp"
#include "actors/turns/held_process.hpp"
#include "actors/turns/kept_turns.hpp"
#include "domain/dialogue/prefix_index.hpp"
#include "domain/pool/process_pool.hpp"
#include "domain/turn/conversation_info.hpp"

#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/key.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index/sequenced_index.hpp>
#include <boost/multi_index_container.hpp>

#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace ccapi::actors {

namespace multi_index = boost::multi_index;

/// A turn whose client left before its end. Kept for the record; never context of a later turn.
struct interrupted_turn {
  std::size_t position = 0; ///< messages of the dialogue before it
  domain::message query;
  domain::message said; ///< what there was of the answer
};

struct conversation_record;

/// A conversation whose process waits for the next turn.
struct resting_conversation {
  conversation_record* who = nullptr;
  domain::dialogue at; ///< goes on with whoever brings it; null: nobody comes back by a dialogue
  domain::steady_time since;
  domain::process_id with = 0;

  [[nodiscard]] const domain::dialogue_node* node() const noexcept { return at.get(); }
};

struct by_dialogue; // tag of an index

using resting_conversations = multi_index::multi_index_container<
  resting_conversation,
  multi_index::indexed_by<
    multi_index::sequenced<>,        // the longest first
    multi_index::ordered_non_unique< // who came last is the last of those at a dialogue
      multi_index::tag<by_dialogue>, multi_index::key<&resting_conversation::node>>>>;

/// One conversation. Shared by the directory and the conversation's actor, both on one thread.
struct conversation_record {
  std::string tenant;
  std::string id;
  std::uint64_t number = 0; ///< for domain::dialogue_node::last_conversation(); never reused
  /// A client refers to it by its id: only such requests go on with it.
  bool named = false;
  bool ordered = false; ///< made by a client's wish, not by a turn
  std::string model;    ///< of the last turn, or the one it was made with; may be empty
  domain::conversation_labels labels;
  domain::wall_time created_at;
  domain::wall_time updated_at; ///< creation or the last completed turn
  std::uint64_t turn_count = 0; ///< completed ones
  std::int64_t total_tokens = 0;
  domain::dialogue head; ///< the dialogue so far; null until a turn has been completed
  /// Ids of the calls that it ends with, as its client was told them, where the dialogue has
  /// others: another conversation got there first.
  std::vector<std::string> open_calls;
  /// The last few.
  std::deque<interrupted_turn> interrupted;
  /// What the store has of it; without a store, nothing.
  kept_turns kept;
  bool recalled = false;    ///< what the store has of its totals and labels is in here
  bool labelled = false;    ///< its client has set the labels
  conversation_actor actor; ///< null while it has no turn
  /// Null: none. Belongs to the actor while there is one; set by entrust() and hand_over().
  std::unique_ptr<held_process> process;
  /// Turns mailed to the actor that it has not taken yet: it must not end while there are any.
  std::size_t turns_in_mail = 0;

  [[nodiscard]] domain::conversation_info info() const;
  /// The store's list has it.
  [[nodiscard]] bool listed_by_store() const noexcept { return kept.listed(); }
  /// False: it was removed, but its actor is still ending.
  [[nodiscard]] bool is_listed() const noexcept { return listed; }
  /// It is as it is told here: the store has no more of it.
  [[nodiscard]] bool is_known() const noexcept {
    return head || kept.known() == kept_turns::knowledge::certain;
  }
  /// It costs nothing to forget it: the store has all of it.
  [[nodiscard]] bool rests_in_store() const noexcept {
    return named && !in_use() && kept.complete();
  }
  /// Its process waits for the next turn.
  [[nodiscard]] bool rests() const noexcept { return resting_place.has_value(); }
  /// Only turns that came to nothing have made it: it would push out those that have a dialogue.
  [[nodiscard]] bool left_no_trace() const noexcept {
    return !ordered && !head && interrupted.empty();
  }
  /// It has a turn, or a process.
  [[nodiscard]] bool in_use() const noexcept { return actor || process || turns_in_mail > 0; }

private:
  friend class conversation_directory;
  struct tenant_part* part = nullptr;
  bool listed = true; ///< false: removed, but its actor is still ending
  std::size_t bytes = 0;
  std::list<std::shared_ptr<conversation_record>>::iterator place;
  std::optional<resting_conversations::iterator> resting_place;
};

/// What a tenant has of a directory.
struct tenant_part {
  std::list<std::shared_ptr<conversation_record>> by_use; ///< the last used first
  std::size_t bytes = 0;                                  ///< without the dialogues
};

/// Bounded by number and bytes. Beyond that the tenant with the most of it loses its least recently
/// used conversation without a turn and a process, and what nobody else has of its dialogue. Those
/// in use may be more than that, and a tenant with no more than an equal share of the bound loses
/// none: so nobody makes others' conversations forgotten. I/O thread only.
class conversation_directory {
public:
  conversation_directory(std::size_t records_max, std::size_t bytes_max);

  /// Other limits from now on; forgets what is beyond them.
  void set_limits(std::size_t records_max, std::size_t bytes_max);

  /// What is known of dialogues; lives as long as the directory.
  [[nodiscard]] domain::prefix_index& dialogues() noexcept { return *dialogues_; }

  /// The tenant's conversation of that id, made if absent; counts as use.
  std::shared_ptr<conversation_record> obtain(const std::string& tenant, const std::string& id);
  /// The conversation of that number; null if it is gone. Does not count as use.
  [[nodiscard]] std::shared_ptr<conversation_record> numbered(std::uint64_t number) const;
  /// One that rests at exactly this dialogue, and that goes on with whoever brings it (the last to
  /// come to rest); null if there is none. Does not count as use.
  [[nodiscard]] std::shared_ptr<conversation_record> resting_at(const domain::dialogue& at) const;
  /// One that rests, since `limit` or before, after a single turn from this root, and that only
  /// goes on with whoever brings its dialogue: the one that has rested longest; null if there is
  /// none. Does not count as use.
  [[nodiscard]] std::shared_ptr<conversation_record>
  one_turn_from(const domain::dialogue_node& root, domain::steady_time limit) const;
  /// The one that rests with this process, if it does so as in one_turn_from().
  [[nodiscard]] std::shared_ptr<conversation_record>
  one_turn_with(domain::process_id process, const domain::dialogue_node& root) const;
  /// One from this root that rests and waits for the result of that call, and that only goes on
  /// with whoever brings its dialogue; null if there is none. Does not count as use.
  [[nodiscard]] std::shared_ptr<conversation_record>
  waiting_for(const std::string& call_id, const domain::dialogue_node& root) const;
  /// Somebody uses it.
  void touch(conversation_record& record);
  /// Null if absent; does not count as use.
  [[nodiscard]] std::shared_ptr<conversation_record> find(const std::string& tenant,
                                                          const std::string& id) const;
  /// Takes it out of the directory, whatever it is at; null if absent. Later calls with the record
  /// are harmless.
  std::shared_ptr<conversation_record> remove(const std::string& tenant, const std::string& id);
  /// The same for one that may be out of it already.
  void forget(conversation_record& record);
  /// Undoes that, unless there is another one of its name by now, or its actor is still ending.
  void take_back(const std::shared_ptr<conversation_record>& record);
  /// Forgets it if the store has all of it and nobody is at it.
  void leave_to_store(conversation_record& record);
  /// A page of the tenant's, without those that the store lists.
  [[nodiscard]] domain::conversation_page page(const domain::page_query& query) const;

  /// Call when a record's dialogue, interrupted turns, labels, actor or process have changed. May
  /// forget records.
  void changed(conversation_record& record);

  /// Its process waits for the next turn, which is expected to go on with this dialogue, as of now.
  /// Call rest() with times in order.
  void rest(conversation_record& record, const domain::dialogue& at, domain::steady_time now,
            domain::process_id process = 0);
  /// It has a turn, or no process any more. Harmless if it does not rest.
  void wake(conversation_record& record);
  /// Since when the one rests that has rested longest; nothing if none rests.
  [[nodiscard]] std::optional<domain::steady_time> longest_rest() const;
  /// Wakes and gives the one that has rested longest, if it has since `limit` or before.
  std::shared_ptr<conversation_record> take_rested(domain::steady_time limit);

  /// The record has that process from now on.
  void entrust(const std::shared_ptr<conversation_record>& record, claude_process_actor handle,
               domain::process_id process);
  /// `to` has the process of `from`, which is at rest, from now on.
  void hand_over(conversation_record& from, const std::shared_ptr<conversation_record>& to);
  /// The process takes no more turns. Gives the record that has it, with it; null: none does.
  std::shared_ptr<conversation_record> process_ended(domain::process_id process);

  [[nodiscard]] std::size_t size() const noexcept { return known_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_ + dialogues_->bytes(); }

  /// All records; those of a tenant together, the last used first.
  [[nodiscard]] std::vector<std::shared_ptr<conversation_record>> records() const;

private:
  struct by_name; // tags of indexes; a record's name and number never change
  struct by_number;
  using all_records = multi_index::multi_index_container<
    conversation_record*,
    multi_index::indexed_by<
      multi_index::hashed_unique<
        multi_index::tag<by_name>,
        multi_index::key<&conversation_record::tenant, &conversation_record::id>>,
      multi_index::hashed_unique<multi_index::tag<by_number>,
                                 multi_index::key<&conversation_record::number>>>>;

  void forget_surplus(const conversation_record* keep);
  /// Forgets one record, of the tenant with the most. False: all beyond a fair share are in use.
  bool forget_one(const conversation_record* keep);
  void insert(const std::shared_ptr<conversation_record>& record);
  void drop(conversation_record& record);
  [[nodiscard]] static bool rests_after_one_turn(const resting_conversation& resting,
                                                 const domain::dialogue_node& root);

  std::unique_ptr<domain::prefix_index> dialogues_ = std::make_unique<domain::prefix_index>();
  std::size_t records_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0; ///< of the records without their dialogues
  std::uint64_t last_number_ = 0;
  std::unordered_map<std::string, tenant_part> tenants_; ///< who have records
  all_records known_;
  resting_conversations resting_;
  /// Who had it last, of all processes of the thread that have not ended.
  std::unordered_map<domain::process_id, std::weak_ptr<conversation_record>> holders_;
};

} // namespace ccapi::actors
