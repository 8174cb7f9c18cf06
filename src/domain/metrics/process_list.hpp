#pragma once
// process_list: what /stats tells of single processes. The supervisor knows some of it, the thread
// that has the process the rest.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ccapi::domain {

struct process_line {
  std::uint64_t process = 0; ///< as in the log
  int pid = 0;               ///< of its shim; 0: not started yet
  /// The supervisor's word for it, or that of whoever has it, which says more.
  std::string_view state{};
  bool in_use = false; ///< `state` is of whoever has it
  std::chrono::seconds age{};
  std::uint32_t turns = 0;
  std::uint64_t resident_bytes = 0; ///< of it and its descendants; 0: not known
};

/// What is shown of them at most; the others are left out.
inline constexpr std::size_t process_lines_max = 128;

/// Adds what another one knows of the same processes, or of others.
void add(std::vector<process_line>& all, const std::vector<process_line>& part);

} // namespace ccapi::domain
