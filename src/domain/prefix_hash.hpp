#pragma once
// prefix_hash: when two dialogues count as the same, and the rolling hash that finds them. Pure.

#include "domain/chat_request.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// The part of a text that counts when dialogues are compared: all but the white space (space,
/// tab, CR, LF, FF, VT) at its end, which clients drop or add when they send an answer back.
/// Nothing else is forgiven: case, inner and leading space and line endings are content.
std::string_view canonical_text(std::string_view text) noexcept;

/// Same role, same canonical text, and that in the same blocks.
bool same_message(const message& a, const message& b) noexcept;

/// What a dialogue starts from. Dialogues with different roots never share anything.
struct dialogue_root {
  std::string tenant{};
  std::string model{}; ///< resolved
  std::string profile = "chat";
  std::string system_prompt{};

  friend bool operator==(const dialogue_root&, const dialogue_root&) = default;
};

struct hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  friend bool operator==(const hash128&, const hash128&) = default;
};

/// Keyed, so that nobody outside can make two dialogues collide; still, whoever looks a hash up
/// compares the texts, too. Any thread.
class prefix_hasher {
public:
  /// What XXH3 takes as a secret.
  using key = std::array<unsigned char, 192>;

  /// With a random key. Hashes are of no use to another object or another run of the program.
  prefix_hasher();
  explicit prefix_hasher(const key& given) noexcept
    : key_{given} {}

  [[nodiscard]] hash128 root(const dialogue_root& root) const;
  /// Of a dialogue that goes on with one more message.
  [[nodiscard]] hash128 next(const hash128& before, const message& what) const noexcept;

private:
  [[nodiscard]] hash128 digest(const void* data, std::size_t size) const noexcept;

  key key_;
};

} // namespace ccapi::domain
