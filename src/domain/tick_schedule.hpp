#pragma once
// tick_schedule: when an actor next looks whether something is due. Pure.

#include "domain/clock.hpp"

#include <optional>

namespace ccapi::domain {

/// A message to oneself can't be taken back, so an earlier time needs a further one. Such a message
/// that comes later than needed does no harm and arms none of its own. Not thread-safe.
class tick_schedule {
public:
  /// True: nothing comes by `due`, so a message has to be sent for then.
  [[nodiscard]] bool arm(steady_time due) noexcept {
    if (due_ && *due_ <= due)
      return false;
    due_ = due;
    return true;
  }

  /// A message came. It must not come before the time that it was sent for.
  void fired(steady_time now) noexcept {
    if (due_ && *due_ <= now)
      due_.reset();
  }

private:
  std::optional<steady_time> due_; ///< of the next message
};

} // namespace ccapi::domain
