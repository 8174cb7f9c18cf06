#pragma once
// auth_failures: how often an address has shown a wrong key or none. Any thread.

#include "domain/token_bucket.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ccapi::http {

/// Slows down who tries keys, and tells a misconfigured client to leave off. Requests with a right
/// key are never held back by it: others behind the same address could lock their owner out.
class auth_failures {
public:
  /// Addresses remembered; beyond it new ones share a bucket.
  static constexpr std::size_t addresses_max = 4096;

  /// Counts a refused request. Nothing while the address is within its budget, else how long it
  /// has to wait. IPv6 addresses count by their /64 network.
  std::optional<std::chrono::milliseconds> failed(std::string_view address,
                                                  std::uint32_t per_minute_max,
                                                  std::chrono::steady_clock::time_point now);

private:
  std::mutex mutex_;
  std::unordered_map<std::string, domain::token_bucket> by_address_;
};

/// The address, or the /64 network of an IPv6 address. Pure.
std::string network_of(std::string_view address);

} // namespace ccapi::http
