#include "domain/pool/prompt_forecast.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace ccapi::domain {

namespace {

/// Enough to tell a habit from a passing change, few enough to notice a new habit soon.
constexpr std::size_t remembered_max = 16;
/// Once is no habit.
constexpr std::size_t repetitions_min = 2;

} // namespace

std::shared_ptr<const tenant_prompt> prompt_forecast::find(const tenant_prompt& prompt) const {
  const auto same = std::find_if(last_.begin(), last_.end(), [&](const begun& each) {
    return each.prompt && *each.prompt == prompt;
  });
  return same == last_.end() ? nullptr : same->prompt;
}

void prompt_forecast::note(tenant_prompt prompt, steady_time now) {
  auto kept = find(prompt);
  if (!kept && prompt.text.size() <= prompt_bytes_max)
    kept = std::make_shared<const tenant_prompt>(std::move(prompt));
  last_.push_back({std::move(kept), now});
  if (last_.size() > remembered_max)
    last_.pop_front();
}

void prompt_forecast::forget_before(steady_time limit) {
  while (!last_.empty() && last_.front().at < limit)
    last_.pop_front();
}

prompt_forecast::guess prompt_forecast::next() const {
  const auto count = [this](const begun& wanted) {
    return static_cast<std::size_t>(std::count_if(
      last_.begin(), last_.end(), [&](const begun& each) { return each.prompt == wanted.prompt; }));
  };
  for (auto each = last_.rbegin(); each != last_.rend(); ++each)
    if (const auto found = count(*each);
        each->prompt && found >= repetitions_min && 2 * found >= last_.size())
      return {each->prompt, static_cast<double>(found) / static_cast<double>(last_.size())};
  return {};
}

} // namespace ccapi::domain
