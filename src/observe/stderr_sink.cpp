#include "observe/stderr_sink.hpp"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace ccapi::observe {

namespace {

/// A pipe with room takes this much in one piece (PIPE_BUF), so lines of several writers stay
/// whole.
constexpr std::size_t write_bytes_max = 4096;

bool writable_within(int milliseconds) noexcept {
  pollfd watched{STDERR_FILENO, POLLOUT, 0};
  int ready = poll(&watched, 1, milliseconds);
  while (ready < 0 && errno == EINTR)
    ready = poll(&watched, 1, milliseconds);
  return ready > 0;
}

} // namespace

void stderr_sink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  write_line({line.data(), line.size()});
}

void stderr_sink::write_line(std::string_view line) noexcept {
  while (!line.empty()) {
    // Once given up on a reader, later lines don't wait for it again.
    if (!writable_within(stalled_ ? 0 : patience_ms)) {
      stalled_ = true;
      ++dropped_;
      return;
    }
    stalled_ = false;
    const auto piece = line.substr(0, write_bytes_max);
    const auto written = write(STDERR_FILENO, piece.data(), piece.size());
    if (written > 0) {
      line.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      ++dropped_; // closed or full disk: there is nobody to tell
      return;
    }
  }
}

} // namespace ccapi::observe
