#pragma once
// prefix_index: the dialogues that are known, as a tree, and the search for the longest one that a
// request continues. Pure.

#include "domain/content.hpp"
#include "domain/dialogue/prefix_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace ccapi::domain {

class dialogue_node;
class prefix_index;

/// How dialogues of one root have gone lately. Pure.
class root_use {
public:
  /// A dialogue was begun.
  void note_begun() noexcept;
  /// One went on.
  void note_continued() noexcept;
  /// They seldom get a second turn, so a process that has run one will hardly be missed.
  [[nodiscard]] bool one_shot() const noexcept;

private:
  void fade() noexcept;

  std::uint32_t begun_ = 0;
  std::uint32_t continued_ = 0;
};

/// A dialogue, named by its last message. Dialogues that begin alike share these messages. Null:
/// nothing is known, not even the root.
using dialogue = std::shared_ptr<const dialogue_node>;

/// One message of a known dialogue, and by before() all that came ahead of it; or a root, which is
/// no message. Lives as long as a dialogue goes through it. Not thread-safe: belongs to the thread
/// of its index.
class dialogue_node : public std::enable_shared_from_this<dialogue_node> {
  struct passkey {};

public:
  explicit dialogue_node(passkey) {}
  dialogue_node(const dialogue_node&) = delete;
  dialogue_node& operator=(const dialogue_node&) = delete;
  ~dialogue_node();

  /// Null for a root.
  [[nodiscard]] const dialogue_node* before() const noexcept { return before_.get(); }
  [[nodiscard]] const dialogue_node& root() const noexcept { return *root_; }
  /// Of a root only.
  [[nodiscard]] const dialogue_root& origin() const noexcept { return root_data_->origin; }
  /// Of a root only; changes without changing the dialogue.
  [[nodiscard]] root_use& use() const noexcept { return root_data_->use; }
  /// Messages up to here; 0 for a root.
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
  [[nodiscard]] role who() const noexcept { return message_.role; }
  [[nodiscard]] const message& said() const noexcept { return message_; }
  [[nodiscard]] const hash128& hash() const noexcept { return hash_; }
  /// The number that was last passed to prefix_index::mark for a dialogue through here; 0: none.
  [[nodiscard]] std::uint64_t last_conversation() const noexcept { return last_conversation_; }

private:
  friend class prefix_index;

  [[nodiscard]] std::size_t bytes() const noexcept;

  std::shared_ptr<dialogue_node> before_;
  const dialogue_node* root_ = this;
  prefix_index* index_ = nullptr; ///< null: not in its table
  struct root_data {
    dialogue_root origin;
    root_use use{};
    std::size_t* tenant_bytes = nullptr; ///< in the index; null: not in its table
  };

  std::unique_ptr<root_data> root_data_; ///< null unless it is a root
  hash128 hash_;
  message message_;
  std::uint32_t depth_ = 0;
  mutable std::uint64_t last_conversation_ = 0;
};

/// The messages behind `from` up to and including `to`; `from` must be on the way to `to`, or null
/// for all.
std::vector<const dialogue_node*> path(const dialogue& to, const dialogue_node* from = nullptr);

/// Messages that live as long as the dialogue they are of.
using messages_of_dialogue = std::vector<const message*>;

/// Holds no dialogue alive by itself: what nobody refers to any more is gone at once, so that it
/// is bounded by who refers to dialogues. Not thread-safe; one per I/O thread.
class prefix_index {
public:
  prefix_index() = default;
  explicit prefix_index(const prefix_hasher& hasher)
    : hasher_{hasher} {}
  prefix_index(const prefix_index&) = delete;
  prefix_index& operator=(const prefix_index&) = delete;
  /// Dialogues may outlive it.
  ~prefix_index();

  /// The empty dialogue with this root; made if it is not known.
  dialogue root(const root_view& origin);

  /// `before` and one more message; the known one, if there is one that counts as the same.
  dialogue append(const dialogue& before, message next);

  /// The longest known dialogue that `messages` begins with, all of it at most; null if not even
  /// the root is known. Costs one pass over the texts.
  [[nodiscard]] dialogue longest(const root_view& origin, std::span<const message> messages) const;

  /// Notes that this conversation (not 0) goes through all of the dialogue: for
  /// last_conversation().
  static void mark(const dialogue& head, std::uint64_t conversation) noexcept;

  /// Messages and roots that are known.
  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  /// Of memory, estimated: texts and what is around them.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// The part of it that is the tenant's: no two share anything.
  [[nodiscard]] std::size_t bytes_of(const std::string& tenant) const;

private:
  friend class dialogue_node;
  struct by_hash {
    using is_transparent = void;
    std::size_t operator()(const hash128& hash) const noexcept { return hash.low; }
    std::size_t operator()(const dialogue_node* node) const noexcept { return node->hash().low; }
  };
  struct same_hash {
    using is_transparent = void;
    static const hash128& of(const hash128& hash) noexcept { return hash; }
    static const hash128& of(const dialogue_node* node) noexcept { return node->hash(); }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return of(a) == of(b);
    }
  };

  [[nodiscard]] std::shared_ptr<dialogue_node> find(const hash128& hash) const;
  void enter(dialogue_node& node);
  void leave(dialogue_node& node) noexcept;

  prefix_hasher hasher_;
  /// Each of them is alive; it leaves when it dies.
  std::unordered_set<dialogue_node*, by_hash, same_hash> nodes_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::string, std::size_t> tenant_bytes_; ///< of those who have roots
};

} // namespace ccapi::domain
