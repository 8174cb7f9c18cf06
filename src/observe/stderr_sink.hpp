#pragma once
// Where log lines leave the process: standard error, with a bound on how long an unread pipe may
// hold them up.

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <cstdint>
#include <string_view>

namespace ccapi::observe {

/// Writes whole lines to file descriptor 2. When its reader stalls for `patience`, lines are
/// dropped and counted until it reads again, so that neither a turn nor the end of the program
/// hangs on it. Used by one thread at a time (the logger's).
class stderr_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  static constexpr int patience_ms = 2000;

  /// Lines given up so far. Any thread.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(); }

protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {} // nothing is held back

private:
  void write_line(std::string_view line) noexcept;

  std::atomic<std::uint64_t> dropped_ = 0;
  bool stalled_ = false;
};

} // namespace ccapi::observe
