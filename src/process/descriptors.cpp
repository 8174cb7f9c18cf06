#include "process/descriptors.hpp"

#include <algorithm>
#include <sys/resource.h>
#include <utility>

namespace ccapi::process {

namespace {

/// Pipes for input, output, errors and life, and a pidfd; while it starts, the other ends, too.
constexpr std::uint64_t per_process = 5;
/// Loops, listening sockets, the log, a start under way, and connections that are turned away.
constexpr std::uint64_t for_the_rest = 96;

} // namespace

std::uint64_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return RLIM_INFINITY;
  const auto soft = std::exchange(limit.rlim_cur, limit.rlim_max);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : soft;
}

std::uint32_t connections_within(std::uint64_t descriptors, std::uint32_t wanted,
                                 std::uint32_t processes) noexcept {
  const auto others = for_the_rest + per_process * processes;
  const auto left = descriptors > others ? descriptors - others : 1;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, left));
}

} // namespace ccapi::process
