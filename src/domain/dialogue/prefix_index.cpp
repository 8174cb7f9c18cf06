#include "domain/dialogue/prefix_index.hpp"

#include <algorithm>
#include <utility>

namespace ccapi::domain {

namespace {

/// Around a node: what its shared_ptr adds, its place in the table, the allocator's share.
constexpr std::size_t overhead_bytes = 96;

} // namespace

// -- roots ---------------------------------------------------------------------------------------

void root_use::note_begun() noexcept {
  ++begun_;
  fade();
}

void root_use::note_continued() noexcept {
  ++continued_;
  fade();
}

void root_use::fade() noexcept {
  constexpr std::uint32_t remembered_max = 64;
  if (begun_ + continued_ <= remembered_max)
    return;
  begun_ /= 2;
  continued_ /= 2;
}

bool root_use::one_shot() const noexcept {
  constexpr std::uint32_t enough = 8;
  return begun_ >= enough && continued_ * 5 <= begun_;
}

// -- nodes ---------------------------------------------------------------------------------------

dialogue_node::~dialogue_node() {
  if (index_ != nullptr)
    index_->leave(*this);
  // One by one: a recursion as deep as a dialogue is long would use up the stack.
  auto next = std::move(before_);
  while (next && next.use_count() == 1) {
    auto after = std::move(next->before_);
    next = std::move(after);
  }
}

std::size_t dialogue_node::bytes() const noexcept {
  std::size_t sum = sizeof *this + overhead_bytes + heap_bytes(message_);
  if (root_data_)
    sum += sizeof *root_data_ + heap_bytes(origin().system_prompt) + heap_bytes(origin().model)
           + heap_bytes(origin().tenant);
  return sum;
}

std::vector<const dialogue_node*> path(const dialogue& to, const dialogue_node* from) {
  std::vector<const dialogue_node*> nodes;
  if (!to)
    return nodes;
  nodes.reserve(to->depth() - (from != nullptr ? from->depth() : 0));
  for (const auto* node = to.get(); node != from && node->depth() > 0; node = node->before())
    nodes.push_back(node);
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

// -- the index -----------------------------------------------------------------------------------

prefix_index::~prefix_index() {
  for (auto* node : nodes_)
    node->index_ = nullptr;
}

void prefix_index::enter(dialogue_node& node) {
  nodes_.insert(&node);
  node.index_ = this;
  bytes_ += node.bytes();
  if (node.root_data_)
    node.root_data_->tenant_bytes = &tenant_bytes_[node.origin().tenant];
  if (auto* const part = node.root().root_data_->tenant_bytes)
    *part += node.bytes();
}

void prefix_index::leave(dialogue_node& node) noexcept {
  bytes_ -= node.bytes();
  nodes_.erase(&node);
  auto* const part = node.root().root_data_->tenant_bytes;
  if (part == nullptr)
    return;
  *part -= node.bytes();
  if (*part == 0)
    tenant_bytes_.erase(node.root().origin().tenant);
}

std::size_t prefix_index::bytes_of(const std::string& tenant) const {
  const auto found = tenant_bytes_.find(tenant);
  return found == tenant_bytes_.end() ? 0 : found->second;
}

std::shared_ptr<dialogue_node> prefix_index::find(const hash128& hash) const {
  const auto found = nodes_.find(hash);
  return found == nodes_.end() ? nullptr : (*found)->shared_from_this();
}

dialogue prefix_index::root(const root_view& origin) {
  const auto hash = hasher_.root(origin);
  const auto known = find(hash);
  if (known && known->root_data_ && known->origin() == origin)
    return known;
  auto node = std::make_shared<dialogue_node>(dialogue_node::passkey{});
  node->root_data_.reset(
    new dialogue_node::root_data{{.tenant = std::string{origin.tenant},
                                  .model = std::string{origin.model},
                                  .profile = std::string{origin.profile},
                                  .system_prompt = std::string{origin.system_prompt}}});
  node->hash_ = hash;
  if (!known) // else a collision: usable, but not found again
    enter(*node);
  return node;
}

dialogue prefix_index::append(const dialogue& before, message next) {
  const auto hash = hasher_.next(before->hash_, next);
  const auto known = find(hash);
  if (known && known->before_ == before && same_message(known->message_, next))
    return known;
  auto node = std::make_shared<dialogue_node>(dialogue_node::passkey{});
  node->before_ = std::const_pointer_cast<dialogue_node>(before);
  node->root_ = before->root_;
  node->hash_ = hash;
  node->message_ = std::move(next);
  shrink(node->message_);
  node->depth_ = before->depth_ + 1;
  if (!known)
    enter(*node);
  return node;
}

dialogue prefix_index::longest(const root_view& origin, std::span<const message> messages) const {
  const auto root_hash = hasher_.root(origin);
  const auto root = find(root_hash);
  if (!root || !root->root_data_ || root->origin() != origin)
    return nullptr;
  std::vector<hash128> hashes;
  hashes.reserve(messages.size());
  auto hash = root_hash;
  for (const auto& entry : messages)
    hashes.push_back(hash = hasher_.next(hash, entry));
  for (auto count = messages.size(); count > 0; --count) {
    const auto found = nodes_.find(hashes[count - 1]);
    if (found == nodes_.end())
      continue;
    // The hash only says where to look.
    const dialogue_node* node = *found;
    auto left = count;
    while (left > 0 && node->depth_ == left && same_message(node->message_, messages[left - 1])) {
      node = node->before();
      --left;
    }
    if (left == 0 && node == root.get())
      return (*found)->shared_from_this();
  }
  return root;
}

void prefix_index::mark(const dialogue& head, std::uint64_t conversation) noexcept {
  for (const auto* node = head.get(); node != nullptr && node->last_conversation_ != conversation;
       node = node->before())
    node->last_conversation_ = conversation;
}

} // namespace ccapi::domain
