#pragma once
// Counts connections, in all and per foreign address, and tells when none is left. Any thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace ccapi::http {

class connection_limit : public std::enable_shared_from_this<connection_limit> {
public:
  connection_limit(std::uint32_t total_max, std::uint32_t per_address_max)
    : total_max_{total_max},
      per_address_max_{per_address_max} {}

  /// One admitted connection; gives its place back when destroyed.
  class place {
  public:
    enum class kind : std::uint8_t { admitted, refused };
    place(std::shared_ptr<connection_limit> owner, std::string address, kind what = kind::admitted)
      : owner_{std::move(owner)},
        address_{std::move(address)},
        kind_{what} {}
    place(place&&) noexcept = default;
    place& operator=(place&&) = delete;
    ~place() {
      if (owner_)
        owner_->leave(address_, kind_);
    }

  private:
    std::shared_ptr<connection_limit> owner_;
    std::string address_;
    kind kind_;
  };

  /// Connections at a time that are told that they are too many.
  static constexpr std::uint32_t refused_max = 16;

  /// `address`: empty for loopback, which is exempt from the limit per address. Nothing if full.
  std::optional<place> admit(const std::string& address);

  /// The place of one that is not admitted, while it is told so; not counted with the others.
  /// Nothing if there are too many even of those. One thread.
  std::optional<place> admit_to_refusal();

  /// Other limits from now on; whoever is in stays.
  void set(std::uint32_t total_max, std::uint32_t per_address_max) noexcept {
    total_max_ = total_max;
    per_address_max_ = per_address_max;
  }

  [[nodiscard]] std::size_t count() const noexcept { return total_.load(); }

  /// Calls `done` once when there is no connection of either kind (at once if so), on whichever
  /// thread sees it. Replaces an earlier one. To be used when nobody is admitted any more.
  void when_empty(std::function<void()> done);

private:
  void leave(const std::string& address, place::kind what);
  void notify_if_empty();

  std::atomic<std::uint32_t> total_max_;
  std::atomic<std::uint32_t> per_address_max_;
  std::atomic<std::uint32_t> total_{0};
  std::atomic<std::uint32_t> refused_{0};
  std::mutex mutex_; // guards the rest; not taken for loopback connections but the last to leave
  std::unordered_map<std::string, std::uint32_t> by_address_;
  std::function<void()> when_empty_;
};

} // namespace ccapi::http
