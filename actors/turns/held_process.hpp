#pragma once
// held_process: a CLI process in the hands of a conversation, between turns or with one.

#include "actors/interfaces.hpp"
#include "domain/dialogue/prefix_index.hpp"
#include "domain/dialogue/turn_plan.hpp"
#include "domain/pool/process_pool.hpp"

#include <cstddef>
#include <optional>

namespace ccapi::actors {

/// Belongs to a conversation's record, on the I/O thread of the process. Whoever destroys it ends
/// the process, so none is ever without an owner.
class held_process {
public:
  held_process(claude_process_actor handle, domain::process_id id);
  ~held_process();
  held_process(const held_process&) = delete;
  held_process& operator=(const held_process&) = delete;

  /// Null: it takes no more turns.
  [[nodiscard]] const claude_process_actor& handle() const noexcept { return handle_; }
  [[nodiscard]] domain::process_id id() const noexcept { return id_; }
  /// It takes no more turns, and ends, or has ended, for reasons of its own.
  void let_go() noexcept;

  // Between turns; null: nothing yet, or it has a turn.
  domain::dialogue holds;      ///< what the CLI has been told and has said
  domain::dialogue goes_on_at; ///< what requests are expected to go on with
  std::size_t rewindable = 0;  ///< of the questions it holds, from the last one back
  /// The calls at the end of `holds` whose results it waits for; 0: it waits for a question.
  std::size_t open_calls = 0;
  /// Its run began without thinking, which then can't begin in the midst of it.
  bool run_without_thinking = false;

  /// How it gets to `before`, to be asked `query` there. Nothing: not at all (domain::plan_reuse).
  [[nodiscard]] std::optional<domain::reuse_plan> way_to(const domain::dialogue& before,
                                                         const domain::message& query,
                                                         bool allow_full_rewind) const;

private:
  claude_process_actor handle_;
  domain::process_id id_;
};

} // namespace ccapi::actors
