#pragma once
// main_mail: what the I/O threads leave for the main thread, which waits for it.

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace ccapi {

/// Any thread may put; one takes.
class main_mail {
public:
  enum class kind : std::uint8_t { reload, end };

  void put(kind what) {
    {
      const std::lock_guard lock{mutex_};
      (what == kind::end ? end_ : reload_) = true;
    }
    arrived_.notify_one();
  }

  /// Waits for the next one. Several reloads that wait are one.
  kind take() {
    std::unique_lock lock{mutex_};
    arrived_.wait(lock, [this] { return end_ || reload_; });
    if (end_)
      return kind::end;
    reload_ = false;
    return kind::reload;
  }

private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  bool reload_ = false;
  bool end_ = false;
};

} // namespace ccapi
