#include "http/access/auth_failures.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace ccapi::http {

namespace {

/// Of addresses that there is no place for.
constexpr std::string_view shared_bucket = "*";

} // namespace

std::string network_of(std::string_view address) {
  std::string text{address.substr(0, address.find('%'))};
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1 || IN6_IS_ADDR_V4MAPPED(&v6))
    return text;
  std::fill(std::begin(v6.s6_addr) + 8, std::end(v6.s6_addr), std::uint8_t{0});
  char out[INET6_ADDRSTRLEN];
  return inet_ntop(AF_INET6, &v6, out, sizeof out);
}

std::optional<std::chrono::milliseconds>
auth_failures::failed(std::string_view address, std::uint32_t per_minute_max,
                      std::chrono::steady_clock::time_point now) {
  auto network = network_of(address);
  const std::lock_guard lock{mutex_};
  if (by_address_.size() >= addresses_max && !by_address_.contains(network)) {
    std::erase_if(by_address_, [now](const auto& each) { return each.second.full_at(now); });
    if (by_address_.size() >= addresses_max)
      network = shared_bucket;
  }
  return by_address_[std::move(network)].take(per_minute_max, now);
}

} // namespace ccapi::http
