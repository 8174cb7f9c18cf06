#include "domain/invariant.hpp"

#include <atomic>
#include <bit>
#include <cstdlib>

namespace ccapi::domain {

namespace {

// Process-wide on purpose: an invariant can break where there is no object to tell.
std::atomic<std::uint64_t> broken{0};
std::atomic<invariant_reporter> reporter{nullptr};

} // namespace

bool invariant(bool holds, const char* what, const code_place& where) noexcept {
  if (holds) [[likely]]
    return true;
  // One that breaks with every request must not flood the log.
  if (std::has_single_bit(broken.fetch_add(1) + 1))
    if (const auto report = reporter.load())
      report(what, where);
#ifndef NDEBUG
  std::abort();
#endif
  return false;
}

void report_broken_invariants_to(invariant_reporter given) noexcept {
  reporter = given;
}

std::uint64_t broken_invariants() noexcept {
  return broken.load();
}

} // namespace ccapi::domain
