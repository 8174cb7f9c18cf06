#pragma once
// invariant: what must hold if the program has no defect. Never for what comes from outside: that
// is checked, and its failure is a domain::error.

#include <cstdint>

namespace ccapi::domain {

/// A line of the program. As std::source_location, which the compiler of the fuzz targets
/// (clang 14 with GCC's library) has not.
struct code_place {
  const char* file = "";
  unsigned line = 0;

  /// As a default argument: of the caller.
  static constexpr code_place current(const char* file = __builtin_FILE(),
                                      unsigned line = __builtin_LINE()) noexcept {
    return {file, line};
  }
};

/// True if it holds. Else it is counted, and reported (the 1st, 2nd, 4th, 8th, ... time); a debug
/// build then aborts, a release build goes on, so the caller must have a safe way for false.
/// Any thread; costs a branch as long as all is well.
[[nodiscard]] bool invariant(bool holds, const char* what,
                             const code_place& where = code_place::current()) noexcept;

/// Who hears of broken invariants; null (the default): nobody. Call before threads start. The
/// reporter may be called on any thread and must not throw.
using invariant_reporter = void (*)(const char* what, const code_place& where) noexcept;
void report_broken_invariants_to(invariant_reporter reporter) noexcept;

/// How many were broken since the start. Any thread.
[[nodiscard]] std::uint64_t broken_invariants() noexcept;

} // namespace ccapi::domain
