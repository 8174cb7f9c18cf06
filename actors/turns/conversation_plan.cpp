// conversation, the part that works out what a turn is: its parameters, as far as the model and the
// process's last run take them, and its place in the dialogue.

#include "actors/turns/conversation.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ccapi::actors {

using domain::error_code;

bool conversation::settle_active() {
  const auto& request = active_->order.request;
  const auto known = shard_.models->look_up(request.model);
  active_->settled =
    domain::settle(request, domain::traits_of(known.id), known.refused | active_->refused,
                   shard_.settings.claude.thinking == config::thinking_policy::off
                     ? domain::thinking_default::off
                     : domain::thinking_default::as_cli);
  return accept_dropped();
}

bool conversation::accept_dropped() {
  const auto& request = active_->order.request;
  if (!request.strict)
    return true;
  // An effort that the client did not ask for is our doing: no reason to refuse it.
  const auto& dropped = active_->settled.dropped;
  const auto wished = std::find_if(dropped.begin(), dropped.end(), [&](const std::string& name) {
    return request.reasoning || !name.starts_with("reasoning_effort");
  });
  if (wished == dropped.end())
    return true;
  fail_active({.code = error_code::unsupported_parameter,
               .message = "The model " + shard_.models->look_up(request.model).id
                          + " does not take '" + *wished
                          + "' as it was asked for, and strict parameters are wanted.",
               .param = wished->substr(0, wished->find('(')),
               .retry_useful = false});
  return false;
}

bool conversation::settle_run(held_process& process, bool goes_on) {
  auto& settled = active_->settled;
  if (domain::has_results(active_->plan.query)) {
    domain::settle_open_run(
      settled, domain::traits_of(shard_.models->look_up(active_->order.request.model).id),
      goes_on && !process.run_without_thinking);
    if (!accept_dropped())
      return false;
  }
  if (!goes_on)
    process.run_without_thinking = domain::thinks_not(settled.settings);
  process.open_calls = 0;
  return true;
}

bool conversation::plan_active() {
  auto& order = active_->order;
  auto& dialogues = shard_.conversations.dialogues();
  const auto& default_prompt = shard_.settings.claude.system_prompt;
  if (order.request.conversation_id) {
    auto plan = domain::plan_named(dialogues, record_->head, order.request, default_prompt,
                                   record_->open_calls);
    if (!plan) {
      fail_active(plan.error());
      return false;
    }
    active_->plan = *std::move(plan);
    const auto images_max = shard_.settings.limits.images_max;
    if (domain::shows_more_media(active_->plan, images_max)) {
      fail_active(
        {.code = error_code::invalid_request,
         .message = "The conversation would have more than " + std::to_string(images_max)
                    + " pictures and documents (limits.images_max) with those of this request.",
         .param = "messages",
         .retry_useful = false});
      return false;
    }
    if (active_->plan.results_as_text && order.request.strict) {
      fail_active({.code = error_code::unsupported_parameter,
                   .message = "The conversation has made no calls that these results could belong "
                              "to, and strict parameters are wanted.",
                   .param = "messages",
                   .retry_useful = false});
      return false;
    }
  } else {
    active_->plan =
      domain::plan_whole(dialogues, record_->head, order.known, order.request, default_prompt);
  }
  order.known.reset();
  record_->model = order.request.model;
  return true;
}

} // namespace ccapi::actors
