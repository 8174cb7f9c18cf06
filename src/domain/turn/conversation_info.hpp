#pragma once
// What clients are told of a conversation beside its turns.

#include "domain/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ccapi::domain {

/// Pairs that a client has hung on a conversation; at most 16, order kept, no key twice.
using conversation_labels = std::vector<std::pair<std::string, std::string>>;

/// One conversation as it is now.
struct conversation_info {
  std::string id;
  wall_time created_at;
  wall_time updated_at;            ///< creation or the last completed turn
  std::uint64_t message_count = 0; ///< of the dialogue so far; system prompts do not count
  std::uint64_t turn_count = 0;    ///< completed turns, also those that a branch has replaced
  std::int64_t total_tokens = 0;   ///< prompt and completion of these turns
  std::string model;               ///< resolved; empty until one was named or a turn has run
  conversation_labels labels;
};

struct conversation_entry {
  std::string id;
  wall_time updated_at;
};

/// The newest ones first.
struct conversation_page {
  std::vector<conversation_entry> entries;
  bool more = false; ///< there are older ones beyond the limit
};

/// Which page of a tenant's conversations, in which order: newest first, then by id; or the other
/// way round.
struct page_query {
  std::string tenant{};
  std::size_t limit = 100; ///< 1..1000
  bool oldest_first = false;
  /// Only those that come behind this one, which need not exist any more.
  std::optional<conversation_entry> after{};

  [[nodiscard]] bool comes_before(wall_time a_time, const std::string& a_id, wall_time b_time,
                                  const std::string& b_id) const noexcept {
    const bool newer_first = a_time != b_time ? a_time > b_time : a_id < b_id;
    return oldest_first ? (a_time != b_time || a_id != b_id) && !newer_first : newer_first;
  }
  /// One of that time and id is behind `after`.
  [[nodiscard]] bool wants(wall_time time, const std::string& id) const noexcept {
    return !after || comes_before(after->updated_at, after->id, time, id);
  }
};

/// Merges parts of that page into one; what is in several of them is in it once. Pure.
conversation_page merge_pages(std::vector<conversation_page> parts, const page_query& query);

} // namespace ccapi::domain
