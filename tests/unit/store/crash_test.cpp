// A writer that is killed in the middle, again and again.

#include "store_rig.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdint>
#include <random>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace ccapi::store {
namespace {

/// Appends turns to some conversations, in groups, and writes a number to the pipe for each group
/// that is committed. Never returns.
[[noreturn]] void write_until_killed(const std::string& path, int pipe, std::uint32_t first) {
  auto opened = sqlite_store::open({.path = path, .log_pages = 32});
  if (!opened || !(*opened)->state().reason.empty())
    ::_exit(2);
  auto& store = **opened;
  for (std::uint32_t group = first;; ++group) {
    std::vector<domain::store_write> writes;
    for (const auto* id : {"a", "b", "c"}) {
      const auto known = store.find("t", id);
      const auto last = known && *known ? (*known)->last : 0;
      writes.emplace_back(turn_of({.id = id,
                                   .expected_last = last,
                                   .parent = last,
                                   .depth = 2 * (static_cast<std::uint64_t>(last) + 1),
                                   .question = std::to_string(group)}));
    }
    for (const auto outcome : store.write(writes))
      if (outcome != domain::store_outcome::committed)
        ::_exit(3);
    if (::write(pipe, &group, sizeof group) != static_cast<ssize_t>(sizeof group))
      ::_exit(4);
  }
}

TEST(crash, loses_nothing_that_was_acknowledged) {
  constexpr int cycles = 50;
  const temp_directory directory;
  const auto path = directory / "c.db";
  std::mt19937 random{7};
  std::uint32_t acknowledged = 0;
  for (int cycle = 0; cycle < cycles && !testing::Test::HasFailure(); ++cycle) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe(ends), 0);
    const auto child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(path, ends[1], acknowledged + 1);
    }
    ::close(ends[1]);
    // Anywhere: between two groups, or while one is being written.
    const auto groups = random() % 6;
    std::uint32_t number = 0;
    for (unsigned seen = 0; seen <= groups; ++seen) {
      ASSERT_EQ(::read(ends[0], &number, sizeof number), static_cast<ssize_t>(sizeof number))
        << "the writer ended by itself";
      acknowledged = number;
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    while (::read(ends[0], &number, sizeof number) == static_cast<ssize_t>(sizeof number))
      acknowledged = number;
    ::close(ends[0]);
    auto store = opened(path);
    EXPECT_EQ(store->state().reason, "");
    // Whole groups, in order, with at most the one that was not acknowledged any more.
    const auto texts = questions_of(*store, "t", "a");
    std::string expected;
    for (std::uint32_t group = 1; group <= acknowledged; ++group)
      expected += (group == 1 ? "" : " ") + std::to_string(group);
    EXPECT_TRUE(texts == expected || texts == expected + " " + std::to_string(acknowledged + 1))
      << texts << " instead of " << expected;
    if (texts != expected)
      ++acknowledged;
    EXPECT_EQ(questions_of(*store, "t", "b"), texts) << "half a group";
    EXPECT_EQ(questions_of(*store, "t", "c"), texts) << "half a group";
    store.reset();
    EXPECT_EQ(integrity_of(path), "ok");
  }
  EXPECT_GT(acknowledged, 50u);
}

} // namespace
} // namespace ccapi::store
