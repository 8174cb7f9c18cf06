#pragma once
// answer_shelf: which answers are kept, of the keys that one thread owns. Pure.

#include "domain/cache/cache_entry.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

namespace ccapi::domain {

/// Keeps the most recently used ones within its limits, in constant time per call and answer
/// dropped. What other threads use is only marked by them (cache_entry::used) and looked at when it
/// would have to go: then it goes to the front once more instead. One thread.
class answer_shelf {
public:
  using pointer = std::shared_ptr<const cache_entry>;

  struct limits {
    std::size_t entries_max = 1000;
    std::size_t bytes_max = std::size_t{64} << 20;
    std::size_t entry_bytes_max = std::size_t{1} << 20;
    std::chrono::seconds age_max{3600};
  };

  explicit answer_shelf(const limits& within)
    : limits_{within} {}

  /// In place of an older one of its key. Returns whether it is kept: one that is too large is not.
  /// `gone` gets what was dropped for it or is too old by now.
  bool keep(pointer entry, steady_time now, std::vector<pointer>& gone);
  /// It has just been used. False: it is not here.
  bool touch(const cache_entry& entry) noexcept;
  /// Drops what is too old.
  void expire(steady_time now, std::vector<pointer>& gone);
  void set_limits(const limits& within, steady_time now, std::vector<pointer>& gone);
  void clear(std::vector<pointer>& gone);

  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// Answers that were dropped to make room, ever.
  [[nodiscard]] std::size_t evictions() const noexcept { return evictions_; }

private:
  using order = std::list<pointer>;
  struct place {
    order::iterator by_use;
    order::iterator by_age;
  };
  using places = std::unordered_map<hash128, place, hash128_low>;

  void remove(const cache_entry& entry, std::vector<pointer>& gone);
  void make_room(std::size_t entries, std::size_t bytes, std::vector<pointer>& gone);

  limits limits_;
  order by_use_; ///< the last used one first
  order by_age_; ///< the oldest first
  places places_;
  std::size_t bytes_ = 0;
  std::size_t evictions_ = 0;
};

} // namespace ccapi::domain
