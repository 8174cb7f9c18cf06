#pragma once
// placement: which I/O thread a conversation lives on. Pure.

#include "domain/chat_request.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// The thread of a tenant's conversation with this id: 0..shards-1.
std::size_t shard_of_conversation(std::string_view tenant, std::string_view conversation_id,
                                  std::size_t shards) noexcept;

/// A hash of what dialogues begin with that begin alike: tenant, model, system prompt, first user
/// message. While the opening is open, of its reading as a question.
std::uint64_t beginning_of(const chat_request& request);

/// The thread for a new conversation: dialogues that begin alike get the same one, so that all
/// branches of a dialogue meet.
std::size_t shard_of_dialogue(const chat_request& request, std::size_t shards);

/// A new random id ("conv_" and 32 hex digits) for which shard_of_conversation gives `shard`.
std::string mint_conversation_id(std::string_view tenant, std::size_t shard, std::size_t shards);

} // namespace ccapi::domain
