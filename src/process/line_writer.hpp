#pragma once
// line_writer: lines on their way to a non-blocking pipe, in a bounded queue. Pure memory, no I/O.

#include <cstddef>
#include <deque>
#include <span>
#include <string>

namespace ccapi::process {

/// Not thread-safe; one per pipe. Lines are kept as they came, never copied together.
class line_writer {
public:
  /// `bytes_max` bounds what waits, line ends included.
  explicit line_writer(std::size_t bytes_max)
    : bytes_max_{bytes_max} {}

  /// Queues `line` and a '\n'. False, with nothing queued: it does not fit.
  [[nodiscard]] bool push(std::string line);

  /// What to write next; empty when nothing waits. Valid until push() or consume().
  [[nodiscard]] std::span<const char> front() const noexcept;
  /// `size` bytes have been written; at most pending().
  void consume(std::size_t size);

  /// Bytes that wait.
  [[nodiscard]] std::size_t pending() const noexcept { return pending_; }
  [[nodiscard]] bool empty() const noexcept { return pending_ == 0; }

private:
  std::size_t bytes_max_;
  std::deque<std::string> lines_;
  std::size_t written_ = 0; ///< of the first line
  std::size_t pending_ = 0;
};

} // namespace ccapi::process
