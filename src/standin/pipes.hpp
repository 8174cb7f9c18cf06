#pragma once
// pipes: stdin and stdout of a stand-in, without blocking on either.

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::standin {

class pipes {
public:
  using clock = std::chrono::steady_clock;

  /// A reader that is gone shows as the end of input, not as a signal.
  pipes();

  /// Waits until there is input (if `reads`), room for output (if `writes`) or something to read
  /// from `other`, but not beyond `wake`. True: `other` is readable.
  bool wait(bool reads, bool writes, std::optional<clock::time_point> wake, int other = -1);
  /// Gives each line that wait() has found, without its '\n'. False at the end of input.
  bool read(const std::function<void(std::string_view)>& on_line);
  /// Removes from `output` what stdout takes, `at_once` bytes a call.
  static void write(std::string& output, std::size_t at_once = std::string::npos);

private:
  std::string input_;
  bool readable_ = false;
};

} // namespace ccapi::standin
