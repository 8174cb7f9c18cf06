#pragma once
// home: where a conversation lives.

#include <cstdint>

namespace ccapi::domain {

/// An I/O thread among those of all nodes.
struct home {
  std::uint32_t node = 0;  ///< 0..nodes_max-1 (domain/ids.hpp)
  std::uint32_t shard = 0; ///< the thread's index on its node: 0..shards_max-1

  friend bool operator==(const home&, const home&) = default;
};

} // namespace ccapi::domain
