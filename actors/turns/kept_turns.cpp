#include "actors/turns/kept_turns.hpp"

#include "domain/dialogue/open_calls.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::actors {

namespace {

const domain::dialogue_node* at_depth(const domain::dialogue& of, std::size_t depth) {
  const auto* node = of.get();
  while (node != nullptr && node->depth() > depth)
    node = node->before();
  return node;
}

} // namespace

std::size_t shared_messages(const domain::dialogue& a, const domain::dialogue& b) {
  if (!a || !b)
    return 0;
  if (at_depth(b, a->depth()) == a.get()) // the usual case: b goes on behind a
    return a->depth();
  const auto left = domain::path(a);
  const auto right = domain::path(b);
  const auto both = std::min(left.size(), right.size());
  std::size_t count = 0;
  while (count < both
         && (left[count] == right[count]
             || domain::same_message(left[count]->said(), right[count]->said())))
    ++count;
  return count;
}

domain::dialogue rebuild(domain::prefix_index& index, const std::string& tenant,
                         const domain::stored_dialogue& found) {
  auto node =
    index.root({.tenant = tenant, .model = found.model, .system_prompt = found.system_prompt});
  for (auto said : found.messages) {
    domain::give_ids_of_calls(*node, said);
    node = index.append(node, std::move(said));
  }
  return node;
}

void kept_turns::made() noexcept {
  begin();
  exists_ = true;
  named_ = true;
  complete_ = true;
}

void kept_turns::miss(const domain::dialogue& before, const domain::dialogue& after,
                      std::size_t own) {
  complete_ = false;
  const auto shared = std::min(shared_messages(before, after), own);
  while (!path_.empty() && path_.back().depth > shared) {
    path_.pop_back();
    root_.reset();
  }
}

void kept_turns::learn(const domain::stored_dialogue* found, const domain::dialogue& head) {
  begin();
  if (found == nullptr)
    return;
  exists_ = true;
  named_ = found->about.named;
  last_ = found->about.last;
  path_ = found->path;
  if (!head || found->path.empty()) {
    complete_ = !head;
    return;
  }
  // As a rule it is the beginning of the dialogue, or all of it.
  const auto nodes = domain::path(head);
  std::size_t shared = 0;
  while (shared < nodes.size() && shared < found->messages.size()
         && domain::same_message(nodes[shared]->said(), found->messages[shared]))
    ++shared;
  const auto ends = path_.size();
  while (!path_.empty() && path_.back().depth > shared)
    path_.pop_back();
  if (path_.size() < ends)
    return; // its head is another branch
  const auto& origin = head->root().origin();
  if (origin.model == found->model && origin.system_prompt == found->system_prompt)
    root_ = head->root().hash();
  complete_ = root_ && !path_.empty() && path_.back().depth == head->depth();
}

void kept_turns::fill(domain::append_turn& what, const domain::dialogue& known,
                      const domain::dialogue& after, std::size_t own) const {
  what.expected_last = last_;
  const auto shared = std::min(shared_messages(known, after), own);
  const auto parent = std::find_if(
    path_.rbegin(), path_.rend(), [&](const domain::turn_end& end) { return end.depth <= shared; });
  const auto from = parent == path_.rend() ? domain::turn_end{} : *parent;
  auto& turn = what.turn;
  turn.parent = from.turn;
  const auto& origin = after->root().origin();
  turn.model = origin.model;
  const bool as_parent =
    parent == path_.rbegin() && parent != path_.rend() && root_ && *root_ == after->root().hash();
  if (!as_parent)
    turn.system_prompt = origin.system_prompt;
  turn.messages.reserve(after->depth() - from.depth + 2);
  for (const auto* node = after.get(); node->depth() > from.depth; node = node->before())
    turn.messages.push_back(node->said());
  std::reverse(turn.messages.begin(), turn.messages.end());
  turn.depth = after->depth();
}

domain::append_turn kept_turns::next(domain::stored_conversation about, domain::stored_turn turn,
                                     const domain::dialogue& before, const domain::dialogue& after,
                                     std::size_t own) const {
  domain::append_turn what{.after = std::move(about), .turn = std::move(turn)};
  what.turn.state = domain::stored_state::finished;
  fill(what, before, after, own);
  return what;
}

domain::append_turn kept_turns::aside(domain::stored_conversation about, domain::stored_turn turn,
                                      const domain::dialogue& known, const domain::dialogue& before,
                                      domain::message query, domain::message said) const {
  domain::append_turn what{.after = std::move(about), .turn = std::move(turn)};
  what.turn.state = domain::stored_state::interrupted;
  fill(what, known, before, before->depth());
  what.turn.messages.push_back(std::move(query));
  what.turn.messages.push_back(std::move(said));
  what.turn.depth += 2;
  return what;
}

void kept_turns::committed(const write& what, const domain::dialogue& after) {
  known_ = knowledge::certain;
  exists_ = true;
  named_ = what.named;
  last_ = what.number;
  if (what.aside)
    return;
  while (!path_.empty() && path_.back().turn != what.parent)
    path_.pop_back();
  path_.push_back({last_, what.depth});
  root_ = after->root().hash();
  complete_ = true;
}

} // namespace ccapi::actors
