#pragma once
// usage_by_name: what turns took, by model or by API key. Pure.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace ccapi::domain {

struct usage_figures {
  std::uint64_t turns = 0; ///< that were answered to the end
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  std::uint64_t cost_micro_usd = 0; ///< of turns that were not, too; millionths of a US dollar

  usage_figures& operator+=(const usage_figures& other) noexcept {
    turns += other.turns;
    prompt_tokens += other.prompt_tokens;
    completion_tokens += other.completion_tokens;
    cost_micro_usd += other.cost_micro_usd;
    return *this;
  }
  friend bool operator==(const usage_figures&, const usage_figures&) = default;
};

/// Not thread-safe; parts from several threads add up. Names come from outside: of more than
/// `names_max`, the later ones count together as `others`.
class usage_by_name {
public:
  static constexpr std::size_t names_max = 128;
  static constexpr std::string_view others = "(others)";

  void add(std::string_view name, const usage_figures& more);
  usage_by_name& operator+=(const usage_by_name& part);

  /// In the order of names.
  [[nodiscard]] const std::map<std::string, usage_figures, std::less<>>& entries() const noexcept {
    return entries_;
  }

private:
  std::map<std::string, usage_figures, std::less<>> entries_;
};

} // namespace ccapi::domain
