#pragma once
// When a turn whose process was lost is run again, and when enough is enough. Pure.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace ccapi::domain {

struct retry_options {
  std::uint32_t attempts_max = 1; ///< runs of a turn beside the first; 0 = never again
  std::chrono::milliseconds backoff{100};
};

/// Keeps retries from multiplying the load when everything fails: turns pay in, retries take out.
/// Not thread-safe; one per I/O thread.
class retry_budget {
public:
  /// Retries that a quiet gateway has in hand, over all its I/O threads.
  static constexpr std::uint32_t reserve = 10;

  /// `shares`: how many budgets share the reserve; each has one retry in hand at least.
  explicit retry_budget(std::uint32_t percent, std::size_t shares = 1) noexcept;

  /// Another percentage from the next turn on.
  void set_percent(std::uint32_t percent) noexcept { percent_ = percent; }

  void on_turn() noexcept;
  /// Takes one retry. False: none is left.
  bool take() noexcept;

private:
  std::uint32_t percent_;
  std::uint32_t hundredths_max_;
  std::uint32_t hundredths_; ///< of a retry
};

/// How long to wait before a turn is run again that has been run `runs` times (1 or more) and of
/// which the client has seen nothing; nothing if it is to fail. `chance` in [0, 1) spreads those
/// who were lost together. Takes from the budget when it answers.
std::optional<std::chrono::milliseconds> next_retry(const retry_options& options,
                                                    retry_budget& budget, std::uint32_t runs,
                                                    double chance) noexcept;

} // namespace ccapi::domain
