#include "app/resource_limits.hpp"

#include "process/descriptors.hpp"

#include <cstdint>
#include <malloc.h>

namespace ccapi {

namespace {

/// Blocks of this size on are mapped by themselves.
constexpr int own_mapping_bytes = 256 << 10;
/// What may be free at the end of a heap.
constexpr int heap_end_bytes = 1 << 20;

} // namespace

void give_large_blocks_back() noexcept {
  // Fixed: else the first large body raises both, and malloc keeps what it was given.
  mallopt(M_MMAP_THRESHOLD, own_mapping_bytes);
  mallopt(M_TRIM_THRESHOLD, heap_end_bytes);
}

config::settings within_descriptors(const config::settings& wanted, const observe::logger& log) {
  const auto descriptors = process::raise_descriptor_limit();
  auto values = wanted;
  auto& connections = values.limits.connections_max;
  connections =
    process::connections_within(descriptors, connections, values.claude.max_concurrent_sessions);
  if (connections < wanted.limits.connections_max)
    log.warning("too few descriptors for limits.connections_max, which is lowered",
                {{"connections", std::uint64_t{connections}}, {"descriptors", descriptors}});
  return values;
}

} // namespace ccapi
