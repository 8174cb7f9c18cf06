#include "observe/stderr_sink.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <string_view>
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

/// As many lines as fit into one write; a part of the first if it does not fit.
std::string_view next_piece(std::string_view lines) noexcept {
  if (lines.size() <= write_bytes_max)
    return lines;
  const auto end = lines.rfind('\n', write_bytes_max - 1);
  return lines.substr(0, end == std::string_view::npos ? write_bytes_max : end + 1);
}

} // namespace

void stderr_sink::hurry() noexcept {
  {
    const std::lock_guard lock{mutex_};
    hurried_ = true;
  }
  changed_.notify_one();
}

void stderr_sink::stop_gathering() noexcept {
  {
    const std::lock_guard lock{mutex_};
    stopped_ = hurried_ = true;
  }
  changed_.notify_one();
}

void stderr_sink::sink_it_(const spdlog::details::log_msg& message) {
  const bool first = pending_.size() == 0;
  formatter_->format(message, pending_);
  // Where others are there already nobody waits for more: the log must keep up.
  if (first && message.level < spdlog::level::warn && !more_is_there())
    wait_for_more();
  if (pending_.size() >= write_bytes_max || !more_is_there())
    flush_();
}

bool stderr_sink::more_is_there() const {
  return !stopped_ && more_waits_ && more_waits_();
}

void stderr_sink::wait_for_more() {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, gather_time_, [this] { return hurried_; });
  hurried_ = stopped_;
}

void stderr_sink::flush_() {
  std::string_view rest{pending_.data(), pending_.size()};
  while (!rest.empty()) {
    // Once given up on a reader, later lines don't wait for it again.
    const bool given_up = !writable_within(stalled_ ? 0 : patience_ms);
    stalled_ = given_up;
    const auto piece = next_piece(rest);
    const auto written = given_up ? 0 : write(STDERR_FILENO, piece.data(), piece.size());
    if (written > 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (given_up || (errno != EINTR && errno != EAGAIN)) { // or closed, or a full disk
      dropped_ += static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
      break;
    }
  }
  pending_.clear();
}

} // namespace ccapi::observe
