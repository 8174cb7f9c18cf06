#pragma once
// placement: on which node and I/O thread a conversation lives. Pure.

#include "domain/home.hpp"
#include "domain/turn/chat_request.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// A hash of what dialogues begin with that begin alike: tenant, model, system prompt, first user
/// message. While the opening is open, of its reading as a question.
std::uint64_t beginning_of(const chat_request& request);

/// Finds homes, as seen from one I/O thread. Cheap to copy; any thread.
class placement {
public:
  /// `shards`: I/O threads of this node, 1..shards_max; `here.shard` is one of them.
  constexpr placement(const home& here, std::uint32_t shards) noexcept
    : here_{here},
      shards_{shards} {}

  [[nodiscard]] const home& here() const noexcept { return here_; }
  [[nodiscard]] std::uint32_t shards() const noexcept { return shards_; }
  [[nodiscard]] bool is_here(const home& where) const noexcept { return where == here_; }

  /// The home of a tenant's conversation with this id.
  [[nodiscard]] home home_of_conversation(std::string_view tenant,
                                          std::string_view conversation_id) const noexcept;
  /// The home of a new conversation: dialogues that begin alike get the same one, so that all
  /// branches of a dialogue meet.
  [[nodiscard]] home home_of_dialogue(const chat_request& request) const;

  /// A new random id ("conv_" and 32 hex digits) whose home is here.
  [[nodiscard]] std::string mint_conversation_id(std::string_view tenant) const;

private:
  [[nodiscard]] home home_of_hash(std::uint64_t hash) const noexcept;

  home here_;
  std::uint32_t shards_;
};

} // namespace ccapi::domain
