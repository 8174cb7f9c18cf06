#pragma once
// kept_turns: what the store has of a conversation, as far as that is known, and what it still has
// to be told. Pure.

#include "domain/dialogue/prefix_index.hpp"
#include "domain/dialogue/turn_plan.hpp"
#include "domain/store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ccapi::actors {

/// Belongs to a conversation's record. The turns of its path end where turns of the conversation's
/// dialogue end; there may be fewer, where the store was away.
class kept_turns {
public:
  enum class knowledge : std::uint8_t {
    none,      ///< the store has not been asked
    uncertain, ///< the outcome of a write is not known
    certain,
  };

  [[nodiscard]] knowledge known() const noexcept { return known_; }
  /// The store has it, and lists it: under a name.
  [[nodiscard]] bool listed() const noexcept { return exists_ && named_; }
  /// All of the dialogue is in the store.
  [[nodiscard]] bool complete() const noexcept {
    return known_ == knowledge::certain && exists_ && named_ && complete_;
  }

  /// It is new: the store has nothing of this name.
  void begin() noexcept { *this = kept_turns{knowledge::certain}; }
  /// The store was told to drop it.
  void forget() noexcept { *this = kept_turns{knowledge::none}; }
  /// It was made there without a turn.
  void made() noexcept;
  /// The store was asked. `found`: null if it has none. `head`: the dialogue so far; null: none.
  void learn(const domain::stored_dialogue* found, const domain::dialogue& head);
  /// A write may have been committed, or not.
  void doubt() noexcept { known_ = knowledge::uncertain; }
  /// The dialogue has gone on without the store, from `before` to `after`, of which the last turn
  /// begins at the depth `own`.
  void miss(const domain::dialogue& before, const domain::dialogue& after, std::size_t own);

  /// The write that brings the store up to date. `turn`: what is known of the last turn; its
  /// messages, parent, depth and system prompt are set here. `before`: the dialogue ahead of it as
  /// it was known so far, or null; `after`: with it; `own`: the depth of `after` ahead of the
  /// turn's query. What it says anew may be what was said there before: that is still its own.
  [[nodiscard]] domain::append_turn next(domain::stored_conversation about,
                                         domain::stored_turn turn, const domain::dialogue& before,
                                         const domain::dialogue& after, std::size_t own) const;
  /// The same for a turn that is no part of the dialogue: what was asked behind `before` and what
  /// was said.
  [[nodiscard]] domain::append_turn aside(domain::stored_conversation about,
                                          domain::stored_turn turn, const domain::dialogue& known,
                                          const domain::dialogue& before, domain::message query,
                                          domain::message said) const;

  /// What is to be remembered of a write until it is committed.
  struct write {
    explicit write(const domain::append_turn& what) noexcept
      : number{what.expected_last + 1},
        parent{what.turn.parent},
        depth{what.turn.depth},
        aside{what.turn.state != domain::stored_state::finished},
        named{what.after.named} {}

    domain::turn_number number;
    domain::turn_number parent;
    std::uint64_t depth;
    bool aside;
    bool named;
  };
  /// It was committed; `after` as in next().
  void committed(const write& what, const domain::dialogue& after);

private:
  kept_turns() = default;
  explicit kept_turns(knowledge known) noexcept
    : known_{known} {}
  friend struct conversation_record;

  void fill(domain::append_turn& what, const domain::dialogue& known, const domain::dialogue& after,
            std::size_t own) const;

  knowledge known_ = knowledge::none;
  bool exists_ = false;
  bool named_ = false; ///< there
  bool complete_ = false;
  domain::turn_number last_ = 0;
  std::vector<domain::turn_end> path_;
  std::optional<domain::hash128> root_; ///< of the dialogue at the end of the path
};

/// The messages that both have from the start, whatever their roots.
std::size_t shared_messages(const domain::dialogue& a, const domain::dialogue& b);

/// The dialogue that the store has, as one of the index.
domain::dialogue rebuild(domain::prefix_index& index, const std::string& tenant,
                         const domain::stored_dialogue& found);

} // namespace ccapi::actors
