#pragma once
// hash_of: what tells a picture or document from others. Pure; any thread.

#include "domain/hash128.hpp"

#include <string_view>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ccapi::media {

inline domain::hash128 hash_of(std::string_view bytes) {
  const auto hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

} // namespace ccapi::media
