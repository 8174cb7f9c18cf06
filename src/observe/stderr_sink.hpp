#pragma once
// Where log lines leave the process: standard error, several at a time, with a bound on how long an
// unread pipe may hold them up.

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>

namespace ccapi::observe {

/// Writes whole lines to file descriptor 2. A line waits up to the gather time for others: a thread
/// that is woken for each would take more of the machine than the lines, just when the client has
/// its answer and asks again. Warnings and errors wait for nothing. When the reader of the lines
/// stalls for `patience`, they are dropped and counted until it reads again, so that neither a turn
/// nor the end of the program hangs on it. Used by one thread at a time (the logger's), but for
/// what says otherwise.
class stderr_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  static constexpr int patience_ms = 2000;

  explicit stderr_sink(std::chrono::milliseconds gather_time)
    : gather_time_{gather_time} {}

  /// `more_waits`: there is a line that will come next; asked behind each line.
  void gather_while(std::function<bool()> more_waits) { more_waits_ = std::move(more_waits); }
  /// What waits for others leaves now. Any thread.
  void hurry() noexcept;
  /// From now on no line waits for others, and `more_waits` isn't asked. Any thread.
  void stop_gathering() noexcept;

  /// Lines given up so far. Any thread.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(); }

protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;

private:
  [[nodiscard]] bool more_is_there() const;
  void wait_for_more();

  std::chrono::milliseconds gather_time_;
  std::function<bool()> more_waits_;
  spdlog::memory_buf_t pending_; ///< whole lines
  std::mutex mutex_;             // guards hurried_
  bool hurried_ = false;
  std::atomic<bool> stopped_ = false;
  std::condition_variable changed_;
  std::atomic<std::uint64_t> dropped_ = 0;
  bool stalled_ = false;
};

} // namespace ccapi::observe
