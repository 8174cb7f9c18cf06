#include "domain/prefix_hash.hpp"

#include "domain/ids.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ccapi::domain {

prefix_hasher::prefix_hasher() {
  static_assert(sizeof key_ >= XXH3_SECRET_SIZE_MIN);
  fill_random(key_.data(), key_.size());
}

hash128 prefix_hasher::digest(const void* data, std::size_t size) const noexcept {
  const auto hash = XXH3_128bits_withSecret(data, size, key_.data(), key_.size());
  return {hash.low64, hash.high64};
}

hash128 prefix_hasher::root(const dialogue_root& root) const {
  // Each with its length in front, so that no two roots give the same bytes.
  std::string all;
  for (const std::string_view part :
       {std::string_view{root.tenant}, std::string_view{root.model}, std::string_view{root.profile},
        std::string_view{root.system_prompt}}) {
    all.append(std::to_string(part.size())).append(1, ':').append(part);
  }
  return digest(all.data(), all.size());
}

hash128 prefix_hasher::next(const hash128& before, const message& what) const noexcept {
  auto chain = before;
  const auto link = [&](std::size_t blocks_left, std::size_t kind, const hash128& content) {
    const std::array<std::uint64_t, 7> chained{chain.low,
                                               chain.high,
                                               content.low,
                                               content.high,
                                               blocks_left,
                                               kind,
                                               static_cast<std::uint64_t>(what.role)};
    chain = digest(chained.data(), sizeof chained);
  };
  const auto count = what.content.size();
  if (count == 0)
    link(0, 0, {});
  for (std::size_t index = 0; index < count; ++index) {
    const auto bytes = canonical_bytes(what, index);
    link(count - index, what.content[index].index(), digest(bytes.data(), bytes.size()));
  }
  return chain;
}

} // namespace ccapi::domain
