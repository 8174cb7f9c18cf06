#pragma once
// alarm: one timer for all that a connection waits for. It may ring early and is then set anew, so
// that a busy connection hardly ever touches it.

#include "http/wire/deadlines.hpp"

#include <utility>

namespace ccapi::http {

/// `Timer`: as Asio's, of deadlines' clock.
template <class Timer>
class alarm {
public:
  using time_point = deadlines::time_point;

  template <class Executor>
  explicit alarm(const Executor& executor)
    : timer_{executor} {}

  /// It is set for that time or an earlier one; always so for "never".
  [[nodiscard]] bool rings_by(time_point when) const noexcept { return pending_until_ <= when; }
  /// Calls `then` (error_code) at that time. If it throws the alarm is not set at all, so that
  /// nobody relies on it.
  template <class Handler>
  void set(time_point when, Handler then) {
    pending_until_ = deadlines::never;
    timer_.expires_at(when);
    timer_.async_wait(std::move(then));
    pending_until_ = when;
  }
  /// To be called first by what set was given, if there was no error.
  void rang() noexcept { pending_until_ = deadlines::never; }
  void cancel() { timer_.cancel(); }

private:
  Timer timer_;
  time_point pending_until_ = deadlines::never; ///< never = no wait is pending
};

} // namespace ccapi::http
