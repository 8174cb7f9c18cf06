#include "domain/dialogue/turn_plan.hpp"

#include "domain/dialogue/open_calls.hpp"
#include "domain/dialogue/opening.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::domain {

namespace {

bool only_user_messages(const std::vector<message>& messages) {
  return std::all_of(messages.begin(), messages.end(),
                     [](const message& entry) { return entry.role == role::user; });
}

/// Only a question can be taken back, or stand at the beginning.
bool is_question(const dialogue_node& node) noexcept {
  return node.who() == role::user && !has_results(node.said());
}

/// Puts messages[from..] but the last behind `before`, and makes the last the query.
turn_plan extend(prefix_index& index, dialogue before, std::vector<message>& messages,
                 std::size_t from) {
  turn_plan plan;
  for (auto at = from; at < messages.size(); ++at) {
    give_own_ids(*before, messages[at]);
    if (at + 1 < messages.size())
      before = index.append(before, std::move(messages[at]));
  }
  plan.before = std::move(before);
  plan.query = std::move(messages.back());
  return plan;
}

/// The same messages from another root, where calls may be known by other ids.
dialogue rebase(prefix_index& index, const dialogue& head, const root_view& origin) {
  if (head->root().origin() == origin)
    return head;
  auto node = index.root(origin);
  for (const auto* entry : path(head)) {
    auto said = entry->said();
    give_ids_of_calls(*node, said);
    node = index.append(node, std::move(said));
  }
  return node;
}

/// The first messages that both have.
std::size_t common(const std::vector<const dialogue_node*>& known,
                   const std::vector<message>& messages) {
  std::size_t count = 0;
  while (count < known.size() && count < messages.size()
         && same_message(known[count]->said(), messages[count]))
    ++count;
  return count;
}

} // namespace

bool shows_more_media(const turn_plan& plan, std::size_t most) {
  auto images = count_media(plan.query);
  if (images == 0)
    return false;
  for (const auto* node = plan.before.get(); node != nullptr; node = node->before())
    images += count_media(node->said());
  return images > most;
}

root_view root_of(const chat_request& request, std::string_view default_system_prompt) {
  return {.tenant = request.tenant,
          .model = request.model,
          .system_prompt = request.system_prompt ? *request.system_prompt : default_system_prompt};
}

result<turn_plan> plan_named(prefix_index& index, const dialogue& head, chat_request& request,
                             const std::string& default_system_prompt,
                             std::span<const std::string> call_ids) {
  settle_named_opening(head, request);
  auto& messages = request.messages;
  const auto origin =
    root_of(request, head ? head->root().origin().system_prompt : default_system_prompt);
  const auto add_to_it = [&]() -> result<turn_plan> {
    const auto as_text = settle_open_calls(head, call_ids, messages);
    if (!as_text)
      return as_text.error();
    auto plan = extend(index, head ? rebase(index, head, origin) : index.root(origin), messages, 0);
    plan.recalled = head ? head->depth() : 0;
    plan.results_as_text = *as_text;
    return plan;
  };
  if (!head)
    return add_to_it();
  const bool only_new_ones = only_user_messages(messages);
  if (only_new_ones && messages.size() <= head->depth()) // the usual case: no need to compare
    return add_to_it();
  const auto known = path(head);
  const auto shared = common(known, messages);
  const bool extends = shared == known.size() && messages.size() > shared;
  if (!extends && only_new_ones)
    return add_to_it();
  if (extends)
    return extend(index, rebase(index, head, origin), messages, shared);
  const auto as_text = settle_open_calls({}, {}, messages);
  if (!as_text)
    return as_text.error();
  auto plan = extend(index, index.root(origin), messages, 0);
  plan.branches = shared > 0;
  plan.results_as_text = *as_text;
  return plan;
}

turn_plan plan_whole(prefix_index& index, const dialogue& head, const dialogue& known,
                     chat_request& request, const std::string& default_system_prompt) {
  const auto before = known ? known : index.root(root_of(request, default_system_prompt));
  auto plan = extend(index, before, request.messages, before->depth());
  plan.branches = before->depth() > 0 && before != head;
  return plan;
}

match_outcome outcome_of(const turn_plan& plan, const std::optional<reuse_plan>& how) noexcept {
  if (plan.before->depth() == 0)
    return match_outcome::fresh;
  if (how && how->stands->depth() > 0)
    return how->rewinds > 0 ? match_outcome::rewound : match_outcome::continued;
  return plan.branches ? match_outcome::branched : match_outcome::seeded;
}

std::optional<reuse_plan> plan_reuse(const dialogue& before, const dialogue& at,
                                     std::size_t rewindable, bool allow_full_rewind,
                                     bool leaves_run) {
  if (!at || &before->root() != &at->root())
    return std::nullopt;
  const auto* target = before.get();
  const auto* stands = at.get();
  std::size_t rewinds = 0;
  // With all that follows it.
  const auto take_back_one = [&] {
    while (stands->depth() > 0 && !is_question(*stands))
      stands = stands->before();
    if (stands->depth() == 0)
      return false;
    stands = stands->before();
    return ++rewinds <= std::min(rewindable, rewinds_max);
  };
  if (leaves_run && !take_back_one())
    return std::nullopt;
  for (;;) {
    while (target->depth() > stands->depth())
      target = target->before();
    if (target == stands)
      break;
    if (!take_back_one())
      return std::nullopt;
  }
  // With nothing in common, the process is worth more where it is, unless that run is left anyway.
  if (rewinds > 0 && stands->depth() == 0 && !allow_full_rewind && !leaves_run)
    return std::nullopt;
  return reuse_plan{rewinds, stands};
}

messages_of_dialogue seed_for(const turn_plan& plan, const dialogue_node* stands,
                              std::size_t recalled_max) {
  auto nodes = path(plan.before, stands);
  if (stands == nullptr && recalled_max > 0 && plan.recalled > recalled_max) {
    const auto recalled_end = nodes.begin() + static_cast<std::ptrdiff_t>(plan.recalled);
    nodes.erase(nodes.begin(),
                std::find_if(recalled_end - static_cast<std::ptrdiff_t>(recalled_max), recalled_end,
                             [](const dialogue_node* node) { return is_question(*node); }));
  }
  messages_of_dialogue seed;
  seed.reserve(nodes.size());
  for (const auto* node : nodes)
    seed.push_back(&node->said());
  return seed;
}

dialogue answered(prefix_index& index, const turn_plan& plan, message answer) {
  auto asked = index.append(plan.before, plan.query);
  // Clients send an empty answer back in many ways, or not at all; the CLI drops it, too.
  return says_nothing(answer) ? asked : index.append(asked, std::move(answer));
}

} // namespace ccapi::domain
