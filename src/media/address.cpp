#include "media/address.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ccapi::media {

namespace {

namespace ip = boost::asio::ip;

struct network_v4 {
  std::uint32_t address;
  unsigned bits;
};

constexpr std::uint32_t quad(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return (a << 24U) | (b << 16U) | (c << 8U) | d;
}

constexpr std::array special_v4{
  network_v4{quad(0, 0, 0, 0), 8},       // this network
  network_v4{quad(10, 0, 0, 0), 8},      // private
  network_v4{quad(100, 64, 0, 0), 10},   // between providers and their customers
  network_v4{quad(127, 0, 0, 0), 8},     // loopback
  network_v4{quad(169, 254, 0, 0), 16},  // link-local; metadata of clouds
  network_v4{quad(172, 16, 0, 0), 12},   // private
  network_v4{quad(192, 0, 0, 0), 24},    // of protocols
  network_v4{quad(192, 0, 2, 0), 24},    // documentation
  network_v4{quad(192, 31, 196, 0), 24}, // AS112
  network_v4{quad(192, 52, 193, 0), 24}, // AMT
  network_v4{quad(192, 88, 99, 0), 24},  // 6to4 relays
  network_v4{quad(192, 168, 0, 0), 16},  // private
  network_v4{quad(192, 175, 48, 0), 24}, // AS112
  network_v4{quad(198, 18, 0, 0), 15},   // benchmarks
  network_v4{quad(198, 51, 100, 0), 24}, // documentation
  network_v4{quad(203, 0, 113, 0), 24},  // documentation
  network_v4{quad(224, 0, 0, 0), 3},     // groups, reserved, broadcast
};

bool is_public(std::uint32_t address) noexcept {
  return std::none_of(special_v4.begin(), special_v4.end(), [&](const network_v4& each) {
    return ((address ^ each.address) >> (32U - each.bits)) == 0;
  });
}

using bytes_v6 = ip::address_v6::bytes_type;

std::uint32_t v4_at(const bytes_v6& bytes, std::size_t at) noexcept {
  return quad(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

std::uint32_t group(const bytes_v6& bytes, std::size_t index) noexcept {
  return (std::uint32_t{bytes[2 * index]} << 8U) | bytes[2 * index + 1];
}

bool is_public(const bytes_v6& bytes) noexcept {
  const auto first = group(bytes, 0);
  const auto second = group(bytes, 1);
  constexpr std::size_t nat64_head = 12;
  constexpr bytes_v6 nat64{0x00, 0x64, 0xff, 0x9b};
  if (std::equal(bytes.begin(), bytes.begin() + nat64_head, nat64.begin()))
    return is_public(v4_at(bytes, nat64_head));
  if (first == 0x2002) // 6to4
    return is_public(v4_at(bytes, 2));
  // Of all others only 2000::/3 is in use: no loopback, no mapped IPv4, no fc00::/7, no fe80::/10.
  if (first >> 13U != 1)
    return false;
  const bool protocols = first == 0x2001 && second < 0x200; // Teredo, ORCHID, benchmarks, ...
  const bool documentation =
    (first == 0x2001 && second == 0xdb8) || (first == 0x3fff && second < 0x1000);
  return !protocols && !documentation;
}

} // namespace

bool is_public(const ip::address& address) noexcept {
  if (address.is_v4())
    return is_public(address.to_v4().to_uint());
  const auto six = address.to_v6();
  return six.scope_id() == 0 && is_public(six.to_bytes());
}

} // namespace ccapi::media
