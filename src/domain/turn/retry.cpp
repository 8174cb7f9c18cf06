#include "domain/turn/retry.hpp"

#include <algorithm>

namespace ccapi::domain {

namespace {
constexpr std::uint32_t whole = 100;
/// Beyond this the wait grows no more.
constexpr std::uint32_t doublings_max = 6;
} // namespace

retry_budget::retry_budget(std::uint32_t percent, std::size_t shares) noexcept
  : percent_{percent},
    hundredths_max_{whole * std::max(reserve / static_cast<std::uint32_t>(shares), 1u)},
    hundredths_{percent == 0 ? 0 : hundredths_max_} {}

void retry_budget::on_turn() noexcept {
  hundredths_ = std::min(hundredths_ + percent_, hundredths_max_);
}

bool retry_budget::take() noexcept {
  if (hundredths_ < whole)
    return false;
  hundredths_ -= whole;
  return true;
}

std::optional<std::chrono::milliseconds> next_retry(const retry_options& options,
                                                    retry_budget& budget, std::uint32_t runs,
                                                    double chance) noexcept {
  if (runs > options.attempts_max || !budget.take())
    return std::nullopt;
  const auto longest = options.backoff * (1u << std::min(runs - 1, doublings_max));
  // Half of it for certain, the rest by chance.
  const auto part = 0.5 + 0.5 * chance;
  return std::chrono::milliseconds{
    static_cast<std::chrono::milliseconds::rep>(static_cast<double>(longest.count()) * part)};
}

} // namespace ccapi::domain
