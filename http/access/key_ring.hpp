#pragma once
// key_ring: the API keys that are accepted, and how much each is used.

#include "config/settings.hpp"
#include "domain/token_bucket.hpp"
#include "http/request.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::http {

/// What a key has under way, over all I/O threads. Any thread.
class key_usage : public std::enable_shared_from_this<key_usage> {
public:
  /// A turn of the key; ends when destroyed.
  class turn_place {
  public:
    turn_place() = default;
    explicit turn_place(std::shared_ptr<key_usage> owner)
      : owner_{std::move(owner)} {}
    turn_place(turn_place&&) noexcept = default;
    turn_place& operator=(turn_place&&) = delete;
    ~turn_place() {
      if (owner_)
        owner_->turns_.fetch_sub(1);
    }

  private:
    std::shared_ptr<key_usage> owner_;
  };

  /// A place for one more turn; nothing if there are `max` (0 = no limit).
  std::optional<turn_place> begin_turn(std::uint32_t max);

  struct rate {
    std::optional<std::chrono::milliseconds> wait; ///< set: one too many; when to come again
    std::uint32_t left = 0;                        ///< requests that may follow at once
  };
  /// Counts a request. `per_minute` >= 1.
  rate count_request(std::uint32_t per_minute, std::chrono::steady_clock::time_point now);

private:
  std::atomic<std::uint32_t> turns_{0};
  std::mutex mutex_; // guards the bucket
  domain::token_bucket requests_;
};

/// Immutable, shared by the I/O threads; a change of the configuration makes a new one.
class key_ring {
public:
  struct entry {
    std::string name;
    bool admin = false;
    std::string profile;
    std::shared_ptr<const std::vector<std::string>> directories; ///< null: those of all
    std::uint32_t max_concurrent = 0;                            ///< turns; 0 = no limit
    std::uint32_t requests_per_minute = 0;                       ///< 0 = no limit
    std::int64_t budget_micro_usd_per_day = 0;                   ///< 0 = no limit
    std::array<unsigned char, 32> digest{};
    std::shared_ptr<key_usage> usage;
  };

  key_ring() = default;
  /// Keys of `before` with the same name keep their usage.
  key_ring(const std::vector<config::api_key>& keys, const key_ring* before);

  /// Without keys everybody is let in.
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  /// The key that the request shows as `Authorization: Bearer`, `x-api-key` or `api-key`, or null.
  /// Each of them is hashed and compared with all entries, whether or not one has fitted: the time
  /// tells nothing.
  [[nodiscard]] const entry* identify(const head_fields& fields) const noexcept;

private:
  [[nodiscard]] const entry* find(std::string_view presented) const noexcept;

  std::vector<entry> entries_;
};

/// SHA-256 of the text, in lower-case hex.
std::string sha256_hex(std::string_view text);

} // namespace ccapi::http
