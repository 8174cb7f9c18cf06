#include "process/memory.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace ccapi::process {

namespace {

/// Trees of a CLI are small; what is beyond does not count.
constexpr std::size_t descendants_max = 256;

/// The number behind `name` in lines like "Pss:   1234 kB", in bytes.
std::optional<std::uint64_t> field(const std::filesystem::path& file, std::string_view name) {
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

/// The only number in a file; nothing for "max", or without the file.
std::optional<std::uint64_t> number_in(const std::filesystem::path& file) {
  std::uint64_t number = 0;
  std::ifstream content{file};
  return content >> number ? std::optional{number} : std::nullopt;
}

/// What a group may still take; nothing if it has no limit.
std::optional<std::uint64_t> left_in(const std::filesystem::path& group) {
  const auto hard = number_in(group / "memory.max");
  const auto soft = number_in(group / "memory.high");
  const auto taken = number_in(group / "memory.current");
  if ((!hard && !soft) || !taken)
    return std::nullopt;
  const auto limit = std::min(hard.value_or(UINT64_MAX), soft.value_or(UINT64_MAX));
  std::uint64_t unused_files = 0;
  std::ifstream parts{group / "memory.stat"};
  std::string name;
  for (std::uint64_t bytes = 0; parts >> name >> bytes;)
    if (name == "inactive_file")
      unused_files = bytes;
  const auto held = *taken - std::min(*taken, unused_files);
  return limit - std::min(limit, held);
}

/// Our group in version 2 of control groups, as a path below their root. Nothing: there is none.
std::optional<std::filesystem::path> own_group(const std::filesystem::path& membership) {
  constexpr std::string_view version_2 = "0::/";
  std::ifstream lines{membership};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(version_2))
      return std::filesystem::path{line.substr(version_2.size())};
  return std::nullopt;
}

/// `held`: the bytes of one process, whose folder it is given.
template <class Held>
std::optional<std::uint64_t> sum_over_tree(pid_t process, Held held) {
  std::uint64_t sum = 0;
  bool any = false;
  std::vector<pid_t> tree{process};
  for (std::size_t at = 0; at < tree.size() && tree.size() < descendants_max; ++at) {
    const auto folder = "/proc/" + std::to_string(tree[at]);
    if (const auto bytes = held(folder)) {
      sum += *bytes;
      any = true;
    }
    std::ifstream children{folder + "/task/" + std::to_string(tree[at]) + "/children"};
    for (pid_t child = 0; children >> child;)
      tree.push_back(child);
  }
  return any ? std::optional{sum} : std::nullopt;
}

} // namespace

std::optional<std::uint64_t> tree_memory(pid_t process) {
  return sum_over_tree(
    process, [](const std::string& folder) { return field(folder + "/smaps_rollup", "Pss:"); });
}

std::optional<std::uint64_t> tree_resident(pid_t process) {
  return sum_over_tree(process, [](const std::string& folder) {
    std::uint64_t all = 0;
    std::uint64_t resident = 0;
    std::ifstream pages{folder + "/statm"};
    return pages >> all >> resident
             ? std::optional{resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))}
             : std::nullopt;
  });
}

std::optional<std::uint64_t> memory_available(const memory_sources& from) {
  auto least = field(from.machine, "MemAvailable:");
  const auto group = own_group(from.membership);
  if (!group)
    return least;
  const auto consider = [&least](const std::filesystem::path& one) {
    if (const auto left = left_in(one))
      least = std::min(least.value_or(UINT64_MAX), *left);
  };
  auto path = from.groups;
  consider(path);
  for (const auto& part : *group)
    consider(path /= part);
  return least;
}

} // namespace ccapi::process
