// conversation, the part that minds the account: its limits, and what turns take of it.

#include "actors/turns/conversation.hpp"

#include <chrono>
#include <cstdint>

namespace ccapi::actors {

namespace {

/// A client may wait for a limit that resets so soon.
constexpr std::chrono::seconds retry_useful_within{60};

} // namespace

bool conversation::account_allows() {
  if (shard_.account.limits->all().empty()) // as always with an API key
    return true;
  const auto& asked = active_->order.request.model;
  const auto now = std::chrono::system_clock::now();
  const auto until = shard_.account.limits->stopped_until(shard_.models->look_up(asked).id, now);
  if (!until)
    return true;
  ++shard_.totals.turns_limited;
  fail_active({.code = domain::error_code::rate_limited,
               .message = "The rate limit of the Claude account is exhausted.",
               .detail = "not asked: the CLI has told when the limit resets",
               .retry_after = std::chrono::ceil<std::chrono::milliseconds>(*until - now),
               .retry_useful = *until - now <= retry_useful_within});
  return false;
}

void conversation::book(std::int64_t cost) {
  if (cost <= 0)
    return;
  const auto& request = active_->order.request;
  const auto sum = static_cast<std::uint64_t>(cost);
  auto& totals = shard_.totals;
  totals.cost_micro_usd += sum;
  totals.details.models.add(request.model, {.cost_micro_usd = sum});
  if (request.tenant.empty())
    return;
  totals.details.keys.add(request.tenant, {.cost_micro_usd = sum});
  shard_.account.spending->add(request.tenant, cost, std::chrono::system_clock::now());
}

void conversation::count_answered(const domain::usage& used) {
  const auto& order = active_->order;
  auto& totals = shard_.totals;
  const domain::usage_figures turn{
    .turns = 1,
    .prompt_tokens = static_cast<std::uint64_t>(used.prompt_tokens()),
    .completion_tokens = static_cast<std::uint64_t>(used.output_tokens)};
  totals.prompt_tokens += turn.prompt_tokens;
  totals.completion_tokens += turn.completion_tokens;
  totals.details.models.add(order.request.model, turn);
  if (!order.request.tenant.empty())
    totals.details.keys.add(order.request.tenant, turn);
  const auto now = std::chrono::steady_clock::now();
  shard_.note_time(domain::turn_time::total, totals.total_times,
                   std::chrono::duration_cast<std::chrono::microseconds>(now - order.since), now);
}

} // namespace ccapi::actors
