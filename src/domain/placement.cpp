#include "domain/placement.hpp"

#include "domain/ids.hpp"
#include "domain/opening.hpp"
#include "domain/prefix_hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ccapi::domain {

namespace {

/// Takes the length in, too, so that ("ab", "c") and ("a", "bc") differ.
std::uint64_t mix(std::string_view text, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed ^ (text.size() * 0x9e3779b97f4a7c15));
}

} // namespace

std::size_t shard_of_conversation(std::string_view tenant, std::string_view conversation_id,
                                  std::size_t shards) noexcept {
  return static_cast<std::size_t>(mix(conversation_id, mix(tenant, 0)) % shards);
}

std::uint64_t beginning_of(const chat_request& request) {
  const auto root = mix(request.model, mix(request.tenant, 0));
  if (request.opening == opening::open) {
    const auto reading = as_question(request);
    return mix(canonical_text(reading.question),
               reading.system_prompt ? mix(*reading.system_prompt, root) : root);
  }
  const auto hash = request.system_prompt ? mix(*request.system_prompt, root) : root;
  for (const auto& entry : request.messages)
    if (entry.role == role::user) {
      auto all = hash;
      for (std::size_t index = 0; index < entry.content.size(); ++index)
        all = mix(canonical_bytes(entry, index), all);
      return all;
    }
  return hash;
}

std::size_t shard_of_dialogue(const chat_request& request, std::size_t shards) {
  return shards == 1 ? 0 : static_cast<std::size_t>(beginning_of(request) % shards);
}

std::string mint_conversation_id(std::string_view tenant, std::size_t shard, std::size_t shards) {
  // As many tries as there are shards, on average; each costs well under a microsecond.
  for (;;) {
    auto id = "conv_" + random_hex_128();
    if (shard_of_conversation(tenant, id, shards) == shard)
      return id;
  }
}

} // namespace ccapi::domain
