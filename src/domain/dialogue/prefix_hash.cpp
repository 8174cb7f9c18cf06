#include "domain/dialogue/prefix_hash.hpp"

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

hash128 prefix_hasher::root(const root_view& root) const noexcept {
  // Each part by itself, so that no two roots give the same bytes, and no long prompt is copied.
  std::array<hash128, 4> parts;
  auto* part = parts.data();
  for (const auto text : {root.tenant, root.model, root.profile, root.system_prompt})
    *part++ = digest(text.data(), text.size());
  static_assert(sizeof parts == parts.size() * 2 * sizeof(std::uint64_t)); // no padding
  return digest(parts.data(), sizeof parts);
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
    // Each piece by itself, so that no two blocks give the same bytes.
    each_piece(what, index, [&](std::string_view piece) {
      link(count - index, what.content[index].index(), digest(piece.data(), piece.size()));
    });
  }
  return chain;
}

} // namespace ccapi::domain
