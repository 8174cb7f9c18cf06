#pragma once
// cache_entry: one kept answer, and the table in which each thread finds them.

#include "domain/clock.hpp"
#include "domain/turn/cached_answer.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ccapi::domain {

/// Made once and shared by all threads; only `used` ever changes.
struct cache_entry {
  cache_entry(hash128 key_hash, std::string key, cached_answer said, steady_time now)
    : hash{key_hash},
      key_bytes{std::move(key)},
      answer{std::move(said)},
      made_at{now} {}

  const hash128 hash;
  const std::string key_bytes;
  const cached_answer answer;
  const steady_time made_at;
  /// By another thread than its key's owner, since the owner last looked.
  mutable std::atomic<bool> used{false};

  /// Memory that it takes, with its places in tables; estimated.
  [[nodiscard]] std::size_t bytes() const noexcept;
};

/// Its hash is keyed and as good as random.
struct hash128_low {
  std::size_t operator()(const hash128& of) const noexcept { return of.low; }
};

/// All kept answers, as one thread knows them: mail from the owners of their keys tells it. Holds
/// what they let it hold. One thread.
class cache_table {
public:
  using pointer = std::shared_ptr<const cache_entry>;

  void add(pointer entry) {
    const auto hash = entry->hash;
    entries_.insert_or_assign(hash, std::move(entry));
  }
  /// Not the one that has taken its place.
  void drop(const cache_entry& entry) noexcept {
    if (const auto found = entries_.find(entry.hash);
        found != entries_.end() && found->second.get() == &entry)
      entries_.erase(found);
  }
  /// Null: there is none of this key, or it is older than `age_max`.
  [[nodiscard]] const pointer* find(const hash128& hash, std::string_view key_bytes,
                                    steady_time now, std::chrono::seconds age_max) const noexcept {
    const auto found = entries_.find(hash);
    if (found == entries_.end() || found->second->key_bytes != key_bytes
        || now - found->second->made_at > age_max)
      return nullptr;
    return &found->second;
  }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
  std::unordered_map<hash128, pointer, hash128_low> entries_;
};

} // namespace ccapi::domain
