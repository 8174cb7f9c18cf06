#include "store/sqlite/seal.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ccapi::store {

struct seal::state {
  XXH3_state_t hash;
  std::string pending; ///< small values that it has not been told yet

  void tell() {
    XXH3_64bits_update(&hash, pending.data(), pending.size());
    pending.clear();
  }
};

namespace {
constexpr std::size_t pending_max = 512;
} // namespace

seal::seal()
  : state_{std::make_unique<state>()} {
  XXH3_64bits_reset(&state_->hash);
  state_->pending.reserve(pending_max);
}

seal::~seal() = default;

seal& seal::number(std::int64_t value) {
  std::array<char, sizeof value> bytes{}; // the same on all machines
  auto rest = static_cast<std::uint64_t>(value);
  for (auto& each : bytes) {
    each = static_cast<char>(rest & 0xffU);
    rest >>= 8U;
  }
  if (state_->pending.size() + bytes.size() > pending_max)
    state_->tell();
  state_->pending.append(bytes.data(), bytes.size());
  return *this;
}

seal& seal::text(std::string_view value) {
  number(static_cast<std::int64_t>(value.size())); // where one ends and the next begins counts
  if (state_->pending.size() + value.size() > pending_max)
    state_->tell();
  if (value.size() > pending_max)
    XXH3_64bits_update(&state_->hash, value.data(), value.size());
  else
    state_->pending += value;
  return *this;
}

std::int64_t seal::value() const {
  state_->tell();
  return static_cast<std::int64_t>(XXH3_64bits_digest(&state_->hash));
}

domain::hash128 payload_hash(std::string_view bytes) {
  const auto hash = XXH3_128bits(bytes.data(), bytes.size());
  return {.low = hash.low64, .high = hash.high64};
}

std::string bytes_of(const domain::hash128& hash) {
  std::string bytes;
  for (const auto part : {hash.high, hash.low})
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes += static_cast<char>((part >> shift) & 0xffU);
  return bytes;
}

} // namespace ccapi::store
