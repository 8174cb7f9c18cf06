#include "process/thread_room.hpp"

#include <latch>
#include <system_error>
#include <thread>
#include <vector>

namespace ccapi::process {

std::size_t threads_granted(std::size_t wanted) {
  std::latch counted{1};
  std::vector<std::thread> threads;
  threads.reserve(wanted);
  try {
    while (threads.size() < wanted)
      threads.emplace_back([&counted] { counted.wait(); });
  } catch (const std::system_error&) { // no more
  }
  counted.count_down();
  for (auto& each : threads)
    each.join();
  return threads.size();
}

} // namespace ccapi::process
