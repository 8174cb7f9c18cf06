#pragma once
// hash128: 128 bits that stand for something larger.

#include <cstdint>

namespace ccapi::domain {

struct hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  friend bool operator==(const hash128&, const hash128&) = default;
};

} // namespace ccapi::domain
