#pragma once
// descriptors: how many files this program may hold open, and what that is enough for.

#include <cstdint>

namespace ccapi::process {

/// Raises the soft limit of open files to the hard one. The limit that is in force then.
std::uint64_t raise_descriptor_limit() noexcept;

/// How many of `wanted` connections fit beside so many CLI processes; at least 1. Pure.
std::uint32_t connections_within(std::uint64_t descriptors, std::uint32_t wanted,
                                 std::uint32_t processes) noexcept;

} // namespace ccapi::process
