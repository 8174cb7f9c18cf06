#include "domain/transcript.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ccapi::domain {

std::size_t transcript::bytes() const noexcept {
  std::size_t sum = system_prompt.size();
  for (const auto& entry : messages)
    sum += entry.text.size();
  return sum;
}

namespace {

bool extends(const std::vector<message>& longer, const std::vector<message>& prefix) {
  return longer.size() > prefix.size() && std::equal(prefix.begin(), prefix.end(), longer.begin());
}

bool only_user_messages(const std::vector<message>& messages) {
  return std::all_of(messages.begin(), messages.end(),
                     [](const message& entry) { return entry.role == role::user; });
}

} // namespace

turn_plan plan_turn(const std::optional<transcript>& stored, const chat_request& request,
                    const std::string& default_system_prompt) {
  turn_plan plan;
  plan.query = request.messages.back();
  const auto before_query = request.messages.end() - 1;
  plan.system_prompt =
    request.system_prompt.value_or(stored ? stored->system_prompt : default_system_prompt);
  auto first_added = request.messages.begin();
  if (stored) {
    if (extends(request.messages, stored->messages)) {
      plan.kept = stored->messages.size();
      plan.request_has_kept = true;
      first_added += static_cast<std::ptrdiff_t>(plan.kept);
    } else if (only_user_messages(request.messages)) {
      plan.kept = stored->messages.size();
    }
    const bool nothing_dropped = plan.kept == stored->messages.size();
    plan.continues = nothing_dropped && plan.system_prompt == stored->system_prompt;
  }
  plan.added.assign(first_added, before_query);
  return plan;
}

std::vector<message> seed_for(const turn_plan& plan, const std::optional<transcript>& stored,
                              bool process_knows_kept, std::size_t stored_max) {
  if (process_knows_kept || plan.kept == 0)
    return plan.added;
  const auto last = stored->messages.begin() + static_cast<std::ptrdiff_t>(plan.kept);
  auto first = stored->messages.begin();
  if (stored_max > 0 && plan.kept > stored_max && !plan.request_has_kept)
    first = std::find_if(last - static_cast<std::ptrdiff_t>(stored_max), last,
                         [](const message& entry) { return entry.role == role::user; });
  std::vector<message> seed{first, last};
  seed.insert(seed.end(), plan.added.begin(), plan.added.end());
  return seed;
}

void apply_turn(std::optional<transcript>& stored, turn_plan&& plan, std::string answer) {
  if (!stored)
    stored.emplace();
  stored->system_prompt = std::move(plan.system_prompt);
  auto& messages = stored->messages;
  messages.resize(plan.kept);
  std::move(plan.added.begin(), plan.added.end(), std::back_inserter(messages));
  messages.push_back(std::move(plan.query));
  messages.push_back({role::assistant, std::move(answer)});
}

} // namespace ccapi::domain
