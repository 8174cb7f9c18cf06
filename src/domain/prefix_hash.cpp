#include "domain/prefix_hash.hpp"

#include "domain/ids.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ccapi::domain {

std::string_view canonical_text(std::string_view text) noexcept {
  const auto last = text.find_last_not_of(" \t\r\n\f\v");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool same_message(const message& a, const message& b) noexcept {
  return a.role == b.role && canonical_text(a.text) == canonical_text(b.text)
         && a.breaks == b.breaks;
}

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
  const auto canonical = canonical_text(what.text);
  const auto content = digest(canonical.data(), canonical.size());
  hash128 blocks;
  if (!what.breaks.empty())
    blocks = digest(what.breaks.data(), what.breaks.size() * sizeof what.breaks.front());
  const std::array<std::uint64_t, 7> chained{before.low,
                                             before.high,
                                             content.low,
                                             content.high,
                                             blocks.low,
                                             blocks.high,
                                             static_cast<std::uint64_t>(what.role)};
  return digest(chained.data(), sizeof chained);
}

} // namespace ccapi::domain
