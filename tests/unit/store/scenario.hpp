#pragma once
// scenario: a store's life in short steps, and what it must have kept afterwards.

#include "store_rig.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ccapi::store {

/// What was acknowledged. Deterministic.
class scenario {
public:
  static constexpr int steps = 24;

  /// Turns for new and known conversations alone and in groups, removals, sweeps and loads. A load
  /// that gives something else than what is to be there fails the test.
  void run(sqlite_store& store, int step);

  /// All that was acknowledged is there, and nothing else, with one exception: the last group that
  /// was to be written may be there, all of it, if `last_may_be_there`.
  void expect_kept_by(sqlite_store& store, bool last_may_be_there = false) const;

  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }

private:
  struct said {
    std::string questions;
    domain::turn_number last = 0;
    bool named = true;
  };
  using state = std::map<std::string, said>;

  void write(sqlite_store& store, const std::vector<domain::store_write>& writes);
  domain::append_turn next_turn(const std::string& id, bool named = true) const;
  static void apply(state& to, const domain::store_write& write);
  static bool is_kept(sqlite_store& store, const state& expected, std::string& why);

  state kept_;
  state with_last_; ///< kept_, and what was written last
  std::uint64_t acknowledged_ = 0;
  std::int64_t clock_ = 1000;
};

} // namespace ccapi::store
