#pragma once
// store_backlog: what waits for the store, so that a disk that hangs does not fill the memory.

#include <atomic>
#include <cstddef>
#include <memory>

namespace ccapi::domain {

/// Any thread. Places outlive it.
class store_backlog {
public:
  /// Gives its room back when the last copy is dropped.
  using place = std::shared_ptr<const void>;

  explicit store_backlog(std::size_t bytes_max) noexcept
    : bytes_max_{bytes_max} {}

  void set_limit(std::size_t bytes_max) noexcept { bytes_max_ = bytes_max; }

  /// Room for so many bytes; null: there is none, unless nothing else waits.
  [[nodiscard]] place take(std::size_t bytes) {
    const auto before = taken_->fetch_add(bytes, std::memory_order_relaxed);
    const place given{taken_.get(), [taken = taken_, bytes](const void*) {
                        taken->fetch_sub(bytes, std::memory_order_relaxed);
                      }};
    return before == 0 || before + bytes <= bytes_max_ ? given : nullptr;
  }

  /// The same for what may be left out: a quarter of the room at most, whatever else waits.
  [[nodiscard]] place take_little(std::size_t bytes) {
    return bytes <= bytes_max_ / 4 && *taken_ <= bytes_max_ / 4 - bytes ? take(bytes) : nullptr;
  }

private:
  std::shared_ptr<std::atomic<std::size_t>> taken_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<std::size_t> bytes_max_;
};

} // namespace ccapi::domain
