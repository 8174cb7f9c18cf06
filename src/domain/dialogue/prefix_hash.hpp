#pragma once
// prefix_hash: what a dialogue starts from, and the rolling hash by which dialogues are found.
// Pure.

#include "domain/content.hpp"
#include "domain/hash128.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// A dialogue_root that is only looked at; prompts are long.
struct root_view {
  std::string_view tenant{};
  std::string_view model{};
  std::string_view profile = "chat";
  std::string_view system_prompt{};

  friend bool operator==(const root_view&, const root_view&) = default;
};

/// What a dialogue starts from. Dialogues with different roots never share anything.
struct dialogue_root {
  std::string tenant{};
  std::string model{}; ///< resolved
  std::string profile = "chat";
  std::string system_prompt{};

  // NOLINTNEXTLINE(google-explicit-constructor): as with std::string and its view
  operator root_view() const noexcept { return {tenant, model, profile, system_prompt}; }
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

  [[nodiscard]] hash128 root(const root_view& root) const noexcept;
  /// Of a dialogue that goes on with one more message.
  [[nodiscard]] hash128 next(const hash128& before, const message& what) const noexcept;

private:
  [[nodiscard]] hash128 digest(const void* data, std::size_t size) const noexcept;

  key key_;
};

} // namespace ccapi::domain
