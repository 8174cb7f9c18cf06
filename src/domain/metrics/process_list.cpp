#include "domain/metrics/process_list.hpp"

#include <algorithm>

namespace ccapi::domain {

namespace {

void add(process_line& known, const process_line& more) {
  if (more.in_use) {
    known.state = more.state;
    known.turns = more.turns;
    known.in_use = true;
    return;
  }
  known.pid = more.pid;
  known.age = more.age;
  known.resident_bytes = more.resident_bytes;
  if (!known.in_use)
    known.state = more.state;
}

} // namespace

void add(std::vector<process_line>& all, const std::vector<process_line>& part) {
  for (const auto& more : part) {
    const auto at = std::lower_bound(
      all.begin(), all.end(), more.process,
      [](const process_line& each, std::uint64_t process) { return each.process < process; });
    if (at != all.end() && at->process == more.process)
      add(*at, more);
    else if (all.size() < process_lines_max)
      all.insert(at, more);
  }
}

} // namespace ccapi::domain
