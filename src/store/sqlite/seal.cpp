#include "store/sqlite/seal.hpp"

#include <array>
#include <cstddef>
#include <memory>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ccapi::store {

struct seal::state {
  XXH3_state_t hash;
};

seal::seal()
  : state_{std::make_unique<state>()} {
  XXH3_64bits_reset(&state_->hash);
}

seal::~seal() = default;

seal& seal::number(std::int64_t value) {
  std::array<unsigned char, sizeof value> bytes{}; // the same on all machines
  for (std::size_t at = 0; at < bytes.size(); ++at)
    bytes.at(at) = static_cast<unsigned char>(static_cast<std::uint64_t>(value) >> (8 * at));
  XXH3_64bits_update(&state_->hash, bytes.data(), bytes.size());
  return *this;
}

seal& seal::text(std::string_view value) {
  number(static_cast<std::int64_t>(value.size())); // where one ends and the next begins counts
  XXH3_64bits_update(&state_->hash, value.data(), value.size());
  return *this;
}

std::int64_t seal::value() const {
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
