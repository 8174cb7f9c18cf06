#include "domain/dialogue/placement.hpp"

#include "domain/dialogue/opening.hpp"
#include "domain/dialogue/prefix_hash.hpp"
#include "domain/ids.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ccapi::domain {

namespace {

/// Takes the length in, too, so that ("ab", "c") and ("a", "bc") differ.
std::uint64_t mix(std::string_view text, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed ^ (text.size() * 0x9e3779b97f4a7c15));
}

} // namespace

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
        each_piece(entry, index, [&all](std::string_view piece) { all = mix(piece, all); });
      return all;
    }
  return hash;
}

home placement::home_of_hash(std::uint64_t hash) const noexcept {
  return {.node = here_.node, .shard = static_cast<std::uint32_t>(hash % shards_)};
}

home placement::home_of_conversation(std::string_view tenant,
                                     std::string_view conversation_id) const noexcept {
  return home_of_hash(mix(conversation_id, mix(tenant, 0)));
}

home placement::home_of_dialogue(const chat_request& request) const {
  return shards_ == 1 ? here_ : home_of_hash(beginning_of(request));
}

std::string placement::mint_conversation_id(std::string_view tenant) const {
  // As many tries as there are threads, on average; each costs well under a microsecond.
  for (;;) {
    auto id = "conv_" + random_hex_128();
    if (is_here(home_of_conversation(tenant, id)))
      return id;
  }
}

} // namespace ccapi::domain
