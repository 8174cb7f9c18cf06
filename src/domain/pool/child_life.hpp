#pragma once
// child_life: what one child of the supervisor is at, from the order to start it until it is
// reaped, and what was noted of it on the way. Pure.

#include "domain/pool/process_kind.hpp"
#include "domain/pool/process_pool.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace ccapi::domain {

enum class child_state : std::uint8_t {
  starting, ///< ordered from the launcher
  spare,    ///< it runs, and nobody has it
  leased,   ///< a conversation has it
  handover, ///< leased, and on the way to another conversation; counts as busy
  retiring, ///< leased, and asked to end for the sake of a waiter or a spare; it may refuse
  ending,   ///< ended before anybody had it; not reaped yet
  evicted,  ///< as ending, for the sake of a waiter
};

/// "starting", "spare", "leased", ...
std::string_view to_string(child_state state) noexcept;

/// A function that moves it on gives false where the child is not at what the move begins with;
/// nothing has changed then. What the process says and does is process_state's. Not thread-safe;
/// owned by the supervisor.
class child_life {
public:
  /// It is being started for this lease.
  explicit child_life(lease_id lease) noexcept
    : lease_{lease} {}
  /// It is being started as a spare.
  explicit child_life(process_kind spare_of)
    : spare_of_{std::move(spare_of)} {}

  [[nodiscard]] child_state state() const noexcept { return state_; }
  /// For whom it was started; 0: as a spare.
  [[nodiscard]] lease_id lease() const noexcept { return lease_; }
  /// What it was started as a spare of; null: for a lease.
  [[nodiscard]] const process_kind* spare_of() const noexcept {
    return spare_of_ ? &*spare_of_ : nullptr;
  }

  // -- moves --
  /// starting -> spare.
  [[nodiscard]] bool become_spare() noexcept;
  /// starting -> leased, by the one for whom it was started. It has to boot first.
  [[nodiscard]] bool lease_started(const process_origin& origin, steady_time now) noexcept;
  /// spare -> leased.
  [[nodiscard]] bool lease_spare(const process_origin& origin, steady_time now) noexcept;
  /// starting, spare -> ending.
  bool end_unused() noexcept;
  /// spare -> evicted.
  [[nodiscard]] bool evict() noexcept;
  /// leased -> handover; see may_be_handed_over.
  [[nodiscard]] bool begin_handover(const idle_report& report, steady_time now) noexcept;
  /// handover -> leased, whoever has it now.
  [[nodiscard]] bool end_handover() noexcept;
  /// leased -> retiring.
  [[nodiscard]] bool retire() noexcept;
  /// retiring -> leased: it has got work in the meantime.
  [[nodiscard]] bool refuse_retirement() noexcept;

  // -- questions --
  /// It is with a conversation: leased, handover or retiring.
  [[nodiscard]] bool in_use() const noexcept;
  /// Somebody counts on its end: retiring or evicted.
  [[nodiscard]] bool makes_room() const noexcept;
  /// Others of this origin may get it when it is idle: it could be led back when it last was.
  [[nodiscard]] bool serves(const process_origin& origin) const noexcept;
  /// It may go to another conversation as it is. Not twice without a turn in between: then nobody
  /// could find it.
  [[nodiscard]] bool may_be_handed_over(const idle_report& report) const noexcept;
  [[nodiscard]] const process_origin& origin() const noexcept { return origin_; }

  // -- notes --
  /// It came up. How long that took, if somebody waited for it.
  std::optional<steady_time::duration> booted(steady_time now) noexcept;
  /// It is idle. How long its turn took, if it has run one only since somebody got it.
  std::optional<steady_time::duration> rested(const idle_report& report) noexcept;

private:
  [[nodiscard]] bool move(child_state from, child_state to) noexcept;

  child_state state_ = child_state::starting;
  lease_id lease_ = 0;
  std::optional<process_kind> spare_of_{};
  process_origin origin_{};
  bool leads_back_ = false; ///< it did when it was idle last
  std::optional<steady_time> booting_since_{};
  std::optional<steady_time> busy_since_{}; ///< with its first turn since then
  std::uint32_t turns_at_handover_ = 0;     ///< or when it was new
};

} // namespace ccapi::domain
