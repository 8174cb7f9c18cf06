#include "process/memory.hpp"

#include <charconv>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::process {

namespace {

/// Trees of a CLI are small; what is beyond does not count.
constexpr std::size_t descendants_max = 256;

/// The number behind `name` in lines like "Pss:   1234 kB", in bytes.
std::optional<std::uint64_t> field(const std::string& file, std::string_view name) {
  std::ifstream lines{file};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name))
      continue;
    const auto digits = line.find_first_of("0123456789");
    std::uint64_t kilobytes = 0;
    if (digits == std::string::npos
        || std::from_chars(line.data() + digits, line.data() + line.size(), kilobytes).ec
             != std::errc{})
      return std::nullopt;
    return kilobytes * 1024;
  }
  return std::nullopt;
}

} // namespace

std::optional<std::uint64_t> tree_memory(pid_t process) {
  std::uint64_t sum = 0;
  bool any = false;
  std::vector<pid_t> tree{process};
  for (std::size_t at = 0; at < tree.size() && tree.size() < descendants_max; ++at) {
    const auto folder = "/proc/" + std::to_string(tree[at]);
    if (const auto held = field(folder + "/smaps_rollup", "Pss:")) {
      sum += *held;
      any = true;
    }
    std::ifstream children{folder + "/task/" + std::to_string(tree[at]) + "/children"};
    for (pid_t child = 0; children >> child;)
      tree.push_back(child);
  }
  return any ? std::optional{sum} : std::nullopt;
}

std::optional<std::uint64_t> memory_available() {
  return field("/proc/meminfo", "MemAvailable:");
}

} // namespace ccapi::process
