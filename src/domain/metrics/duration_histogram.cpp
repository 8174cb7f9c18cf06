#include "domain/metrics/duration_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ccapi::domain {

namespace {

/// The step that a time falls into: its power of two, and the two bits behind that.
std::size_t step_of(std::uint64_t time) noexcept {
  const auto power = static_cast<std::size_t>(std::bit_width(std::max<std::uint64_t>(time, 1)) - 1);
  const auto quarter = power >= 2 ? (time >> (power - 2)) & 3 : (time << (2 - power)) & 3;
  return 4 * power + quarter;
}

/// The longest time that falls into a step.
std::uint64_t end_of(std::size_t step) noexcept {
  const auto power = step / 4;
  const auto next = 4 + step % 4 + 1;
  return power >= 2 ? (next << (power - 2)) - 1 : std::max<std::uint64_t>(next >> (2 - power), 1);
}

} // namespace

void duration_histogram::add(microseconds took) noexcept {
  const auto time = static_cast<std::uint64_t>(std::max<microseconds::rep>(took.count(), 0));
  ++counts_[std::min(step_of(time), steps - 1)];
  ++count_;
  sum_ += microseconds{time};
  longest_ = std::max(longest_, took);
}

duration_histogram& duration_histogram::operator+=(const duration_histogram& other) noexcept {
  for (std::size_t i = 0; i < steps; ++i)
    counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  longest_ = std::max(longest_, other.longest_);
  return *this;
}

std::uint64_t duration_histogram::below(std::size_t power) const noexcept {
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < 4 * std::min(power, powers); ++i)
    found += counts_[i];
  return found;
}

duration_histogram::microseconds duration_histogram::quantile(double share) const noexcept {
  if (count_ == 0)
    return {};
  const auto rank =
    std::max(1.0, std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i + 1 < steps; ++i) {
    seen += counts_[i];
    if (static_cast<double>(seen) >= rank)
      return std::min(microseconds{end_of(i)}, longest_);
  }
  return longest_;
}

} // namespace ccapi::domain
