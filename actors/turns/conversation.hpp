#pragma once
// conversation: one dialogue while it has a turn. Queues its turns, has a process answer them, and
// keeps the record true.

#include "actors/interfaces.hpp"
#include "actors/io/asio_host.hpp"
#include "actors/io/io_shard.hpp"
#include "actors/messages.hpp"
#include "actors/turns/conversation_directory.hpp"
#include "domain/dialogue/turn_plan.hpp"
#include "domain/models/turn_settings.hpp"

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace ccapi::actors {

/// What a conversation waits for of the store.
enum class store_wait : std::uint8_t {
  nothing,
  dialogue, ///< what its dialogue is, ahead of the turn
  commit,   ///< of the turn, ahead of its last word
};

/// The turn that a conversation works on.
struct active_turn {
  submit_turn order;
  domain::turn_plan plan;
  domain::settled_turn settled;
  domain::refused_parameters refused{}; ///< by the API in this turn
  domain::lease_id lease = 0;           ///< not 0: waits for a process
  store_wait waits = store_wait::nothing;
  std::chrono::microseconds waited{}; ///< for its process, and for turns ahead
  std::string model_ran{};
  std::shared_ptr<const domain::process_id>
    handover; ///< as in lease_reply, until the turn has its process
  std::optional<domain::steady_time> waiting_since{}; ///< with a handover
  bool cancelled = false;
  bool handed_over = false; ///< a process has it
  bool started = false;     ///< the client has answer_started
  bool counted = false;     ///< in the figures of matches
  bool on_spare = false;    ///< its process was started ahead
  bool on_primed = false;   ///< and told the system prompt
  /// What the client has asked, while the plan is to have a flaw in the answer to it mended.
  std::optional<domain::turn_plan> asked{};
  domain::usage spent{};    ///< on that answer
  std::uint32_t losses = 0; ///< processes that were lost with it
  /// Set with the first run; all runs share it.
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::optional<domain::event> last_word{}; ///< for the sink, once the turn is kept
  domain::dialogue previous{};              ///< the conversation's, until the turn ended
  bool unstored = false;                    ///< it could not be
};

/// The model answered, but not in the format that was asked for.
bool is_flawed(const turn_ended& what);

/// Life cycle: made by the front end for a turn, ends when it has no more of them. The record with
/// the dialogue and the process stays in the directory, where the next request finds it (ADR 22).
/// Lives on the I/O thread that owns the record. One turn at a time; up to conversation.queue_max
/// more wait.
class conversation final : public on_io<conversation_actor::base> {
public:
  conversation(caf::actor_config& config, io_home& home, io_shard& shard,
               std::shared_ptr<conversation_record> record);

  const char* name() const override { return "conversation"; }
  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  // -- messages, in the order of interfaces.hpp --
  void on_turn_ended(turn_ended& what);
  void on_process_ended(const process_ended& what);
  void on_submit_turn(submit_turn& order);
  void on_cancel_turn(const cancel_turn& what);
  void on_grant_credit(const grant_credit& what);
  void on_close_all();
  void on_forget_conversation();
  void on_run_again(const run_again& what);

  /// Makes way for a new turn, as conversation.busy says. False: the new one must go.
  bool apply_busy_policy(const submit_turn& order);
  void start_next();
  void begin(submit_turn&& order);
  /// Its conversation is in memory as it is.
  void go_on();

  // -- the account (conversation_account.cpp) --
  /// False: a limit of the account is used up, and the turn was refused.
  bool account_allows();
  /// Of one run of the active turn; millionths of a US dollar.
  void book(std::int64_t cost);
  /// The active turn was answered to the end.
  void count_answered(const domain::usage& used);

  /// False: what it brings does not fit its conversation, and it was refused.
  bool plan_active();
  /// Works out the turn's parameters. False: it had to be refused.
  bool settle_active();
  /// What the process's last run means for them. `goes_on`: the turn brings its results.
  bool settle_run(held_process& process, bool goes_on);
  /// False: strict parameters are wanted and one was dropped, so the turn was refused.
  bool accept_dropped();
  /// The turn does not need the process that its conversation got for it.
  void give_back(const std::shared_ptr<conversation_record>& donor);
  void to_own_or_new_process();
  void end_waiting_process();
  void request_process();
  void on_lease(domain::lease_id lease, lease_reply& reply);
  void take_idle_process(std::shared_ptr<const domain::process_id> handover);
  /// `how`: the way of the process that it has had before; nothing: it is new.
  void hand_to_process(const std::optional<domain::reuse_plan>& how);
  /// Its process has ended, or is about to.
  void let_process_go();
  /// Of one that has ended, process_ended is on its way.
  template <class Message>
  void tell_process(const Message& what) {
    if (const auto& handle = record_->process->handle())
      send(handle, what);
  }
  /// Fails all turns that no process has.
  void fail_waiting(const domain::error& why);
  /// The API refused a parameter for the model. True: the turn runs again without it.
  bool run_without_parameter(const turn_ended& what);
  /// What the dialogue goes on with.
  [[nodiscard]] const domain::turn_plan& asked() const {
    return active_->asked ? *active_->asked : active_->plan;
  }
  /// The answer does not have its format, and the process holds it all the same.
  void note_flawed(const turn_ended& what);
  /// The client has seen nothing of the flawed answer. True: the model is told what is wrong.
  bool run_repair(turn_ended& what);
  /// A mended answer stands for the flawed one.
  void settle_repair(turn_ended& what);
  /// True: the turn runs again after a pause.
  bool run_again_later(const turn_ended& what);
  /// Takes the active turn back from its process.
  void detach_turn();
  /// For a turn that no process has: gives its lease back.
  void withdraw_active(const domain::error& why);
  void fail_active(const domain::error& why);
  /// The same, and begins the next one.
  void refuse_active(const domain::error& why);
  void record_outcome(turn_ended& what);

  // -- the store (conversation_keeping.cpp) --
  /// The store may have more of the conversation than is in memory.
  [[nodiscard]] bool needs_loading() const;
  void load();
  void on_loaded(domain::turn_id turn, const loaded_reply& reply);
  void take_over(const domain::stored_dialogue& found);
  /// It is not known whether there is such a conversation.
  void go_on_without_store();
  /// Has a turn kept. True: its last word waits for that.
  bool keep(const turn_ended& what);
  /// A first turn whose id may be used later, by then perhaps after a restart; no longer than until
  /// its dialogue comes back whole.
  void keep_unnamed(const turn_ended& what);
  void commit(domain::append_turn turn);
  /// `outcome`: nothing if it is not known.
  void on_committed(domain::turn_id turn, const kept_turns::write& write,
                    std::optional<domain::store_outcome> outcome);
  void note_unstored();
  void store_is_silent();
  /// A write that nobody waits for.
  void send_to_store(domain::store_write write);
  [[nodiscard]] domain::stored_conversation state_to_keep() const;
  [[nodiscard]] domain::stored_turn turn_to_keep(const turn_ended& what) const;
  /// The turn is over: tells its client, and begins the next one.
  void conclude();
  void note_interrupted(domain::message said);
  void finish_active();
  /// Leaves its process where the next request finds it, and ends, unless a turn is on its way.
  void rest();

  io_shard& shard_;
  std::shared_ptr<conversation_record> record_;
  std::list<submit_turn> waiting_; ///< mostly empty, which then costs nothing
  std::optional<active_turn> active_;
  bool forgotten_ = false; ///< ends its process as soon as it has no turn
};

} // namespace ccapi::actors
