// When dialogues count as the same, and which known one a request begins with.

#include "domain/dialogue/prefix_index.hpp"
#include "messages.hpp"

#include <gtest/gtest.h>

#include <random>

namespace ccapi::domain {
namespace {

using test::assistant;
using test::user;

message in_blocks(std::initializer_list<const char*> texts) {
  message made;
  for (const auto* text : texts)
    made.content.emplace_back(text_block{text});
  return made;
}

dialogue grow(prefix_index& index, dialogue from, const std::vector<message>& messages) {
  for (const auto& entry : messages)
    from = index.append(from, entry);
  return from;
}

TEST(canonical_text, forgives_white_space_at_the_end_only) {
  EXPECT_EQ(canonical_text("a b \t\r\n"), "a b");
  EXPECT_EQ(canonical_text("  a"), "  a");
  EXPECT_EQ(canonical_text(" \n "), "");
  EXPECT_TRUE(same_message(assistant("x"), assistant("x\n\n")));
  for (const auto* other : {"X", " x", "x.", "x\xc2\xa0", ""})
    EXPECT_FALSE(same_message(assistant("x"), assistant(other))) << other;
  EXPECT_FALSE(same_message(assistant("x"), user("x")));
  EXPECT_FALSE(same_message(user("a\r\nb"), user("a\nb"))) << "line endings inside are content";
}

TEST(prefix_hash, every_part_counts) {
  const prefix_hasher hasher;
  const dialogue_root root{"t", "m", "chat", "p"};
  const auto base = hasher.root(root);
  EXPECT_EQ(base, hasher.root(root));
  EXPECT_NE(base, hasher.root({"", "m", "chat", "p"}));
  EXPECT_NE(base, hasher.root({"t", "n", "chat", "p"}));
  EXPECT_NE(base, hasher.root({"t", "m", "read", "p"}));
  EXPECT_NE(base, hasher.root({"t", "m", "chat", "q"}));
  EXPECT_NE(hasher.root({"ab", "c", "", ""}), hasher.root({"a", "bc", "", ""}));
  const auto next = hasher.next(base, user("a"));
  EXPECT_EQ(next, hasher.next(base, user("a \n")));
  EXPECT_NE(next, hasher.next(base, assistant("a")));
  EXPECT_NE(next, hasher.next(next, user("a")));
  EXPECT_NE(hasher.next(next, user("b")), hasher.next(hasher.next(base, user("b")), user("a")));
  EXPECT_NE(base, prefix_hasher{}.root(root)) << "another key";
}

TEST(prefix_hash, the_blocks_of_a_user_message_count) {
  const prefix_hasher hasher;
  const auto base = hasher.root({});
  const message whole{role::user, "abc"};
  const message two = in_blocks({"a", "bc"});
  const message other = in_blocks({"ab", "c"});
  const message three = in_blocks({"a", "b", "c"});
  for (const auto& [a, b] : {std::pair{whole, two}, {two, other}, {two, three}, {other, three}}) {
    EXPECT_FALSE(same_message(a, b));
    EXPECT_NE(hasher.next(base, a), hasher.next(base, b));
  }
  const message trailing = in_blocks({"a", "bc\n"});
  EXPECT_TRUE(same_message(two, trailing));
  EXPECT_EQ(hasher.next(base, two), hasher.next(base, trailing));
}

TEST(prefix_index, finds_the_longest_known_beginning) {
  prefix_index index;
  const dialogue_root origin{"", "sonnet", "chat", "be brief"};
  EXPECT_EQ(index.longest(origin, {}), nullptr);
  const auto line =
    grow(index, index.root(origin), {user("a"), assistant("b"), user("c"), assistant("d")});
  const std::vector<message> whole{user("a"), assistant("b"), user("c"), assistant("d")};
  EXPECT_EQ(index.longest(origin, whole), line);
  auto more = whole;
  more.push_back(user("e"));
  EXPECT_EQ(index.longest(origin, more), line);
  auto edited = whole;
  edited[2] = user("other");
  EXPECT_EQ(index.longest(origin, edited)->depth(), 2U);
  EXPECT_EQ(index.longest(origin, std::vector{user("x")})->depth(), 0U);
  EXPECT_EQ(index.longest({"", "opus", "chat", "be brief"}, whole), nullptr);
}

TEST(prefix_index, dialogues_that_begin_alike_share_and_let_go) {
  prefix_index index;
  auto root = index.root({});
  auto one = grow(index, root, {user("a"), assistant("b"), user("c")});
  auto two = grow(index, root, {user("a "), assistant("b"), user("other")});
  EXPECT_EQ(one->before(), two->before());
  EXPECT_EQ(index.size(), 5U);
  one.reset();
  EXPECT_EQ(index.size(), 4U);
  EXPECT_EQ(index.longest({}, std::vector{user("a"), assistant("b"), user("c")})->depth(), 2U);
  two.reset();
  root.reset();
  EXPECT_EQ(index.size(), 0U);
  EXPECT_EQ(index.bytes(), 0U);
}

TEST(prefix_index, long_dialogues_and_those_that_outlive_it_end_well) {
  dialogue left;
  {
    prefix_index index;
    auto line = index.root({});
    for (int i = 0; i < 200'000; ++i)
      line = index.append(line, user("x"));
    left = line;
    EXPECT_EQ(index.size(), 200'001U);
  }
  left.reset(); // neither the stack nor the index is touched
}

TEST(prefix_index, remembers_who_went_through_last) {
  prefix_index index;
  const auto shared = grow(index, index.root({}), {user("a"), assistant("b")});
  const auto one = grow(index, shared, {user("c"), assistant("d")});
  prefix_index::mark(one, 1);
  EXPECT_EQ(shared->last_conversation(), 1U);
  const auto two = grow(index, shared, {user("e"), assistant("f")});
  EXPECT_EQ(two->last_conversation(), 0U);
  prefix_index::mark(two, 2);
  EXPECT_EQ(shared->last_conversation(), 2U);
  EXPECT_EQ(one->last_conversation(), 1U);
}

TEST(root_use, is_one_shot_once_several_dialogues_had_a_single_turn) {
  root_use use;
  for (int i = 0; i < 7; ++i)
    use.note_begun();
  EXPECT_FALSE(use.one_shot());
  use.note_begun();
  EXPECT_TRUE(use.one_shot());
  use.note_continued();
  use.note_continued();
  EXPECT_FALSE(use.one_shot()) << "two of eight went on";
  for (int i = 0; i < 200; ++i)
    use.note_begun();
  EXPECT_TRUE(use.one_shot());
  for (int i = 0; i < 40; ++i) {
    use.note_begun();
    use.note_continued();
  }
  EXPECT_FALSE(use.one_shot()) << "what has been lately counts most";
}

/// Against the obvious way: keep all dialogues as lists and compare.
TEST(prefix_index, agrees_with_a_plain_search) {
  std::mt19937 dice{20261126};
  const auto roll = [&](std::size_t sides) {
    return std::uniform_int_distribution<std::size_t>{0, sides - 1}(dice);
  };
  const std::vector<std::string> words{"a", "b", "c"};
  const std::vector<std::string> tails{"", " ", "\n", "\t \n"};
  prefix_index index;
  const auto root = index.root({});
  std::vector<std::vector<message>> lists;
  std::vector<dialogue> lines;
  const auto roll_messages = [&] {
    std::vector<message> messages;
    for (auto left = roll(8); left > 0; --left)
      messages.push_back(
        {roll(2) ? role::user : role::assistant, words[roll(3)] + tails[roll(tails.size())]});
    return messages;
  };
  for (int round = 0; round < 20'000; ++round) {
    if (round % 3 == 0) {
      lists.push_back(roll_messages());
      lines.push_back(grow(index, root, lists.back()));
      if (lists.size() > 50) {
        const auto victim = static_cast<std::ptrdiff_t>(roll(lists.size()));
        lists.erase(lists.begin() + victim);
        lines.erase(lines.begin() + victim);
      }
    }
    const auto asked = roll_messages();
    std::size_t best = 0;
    for (const auto& list : lists) {
      std::size_t same = 0;
      while (same < list.size() && same < asked.size() && same_message(list[same], asked[same]))
        ++same;
      best = std::max(best, same);
    }
    const auto found = index.longest({}, asked);
    ASSERT_EQ(found->depth(), best);
    std::size_t at = 0;
    for (const auto* node : path(found))
      ASSERT_TRUE(same_message(node->said(), asked[at++]));
  }
}

TEST(prefix_index, counts_the_bytes_of_each_tenant) {
  prefix_index index;
  EXPECT_EQ(index.bytes_of("a"), 0U);
  auto first = index.append(index.root({.tenant = "a"}), {role::user, std::string(1000, 'x')});
  const auto empty = index.root({.tenant = "b"});
  EXPECT_GT(index.bytes_of("a"), 1000U);
  EXPECT_GT(index.bytes_of("b"), 0U);
  EXPECT_EQ(index.bytes_of("a") + index.bytes_of("b"), index.bytes());
  const auto other = index.root({.tenant = "a", .model = "m"});
  EXPECT_EQ(index.bytes_of("a") + index.bytes_of("b"), index.bytes());
  const auto both = index.bytes_of("a");
  first.reset();
  EXPECT_LT(index.bytes_of("a"), both - 1000);
  EXPECT_EQ(index.bytes_of("a") + index.bytes_of("b"), index.bytes());
}

} // namespace
} // namespace ccapi::domain
