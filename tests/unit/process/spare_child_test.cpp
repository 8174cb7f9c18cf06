// What children that are started ahead need: a first input, an ear for their first words, a lower
// priority until they are claimed; and what processes hold in memory.

#include "child_probe.hpp"
#include "process/memory.hpp"

#include <algorithm>
#include <array>
#include <sched.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace ccapi::process {
namespace {

using namespace probe;

class spare_child : public testing::Test {
protected:
  /// Starts one, and hears when it speaks.
  void begin(spawn_spec spec) {
    by.spawn(
      7, std::move(spec),
      [this](domain::result<child_process> started) { started_.set_value(std::move(started)); },
      [this](domain::process_id, exit_status status) { ended.set_value(status); },
      [this](domain::process_id id) { spoke.set_value(id); });
    auto outcome = started_.get_future().get();
    ASSERT_TRUE(outcome);
    child = *std::move(outcome);
  }
  /// True as soon as `condition` holds; false at the deadline.
  template <class Condition>
  static bool comes_true(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline)
        return false;
      std::this_thread::yield();
    }
    return true;
  }

  child_process child;
  std::promise<domain::process_id> spoke;
  std::promise<exit_status> ended;
  std::promise<domain::result<child_process>> started_;
  launcher by{shim()}; ///< ends first: it calls back
};

TEST_F(spare_child, finds_its_first_input_and_is_heard_when_it_speaks) {
  auto spec = script("read line; echo \"$line!\"; cat");
  spec.first_input = "hello\n";
  begin(std::move(spec));
  auto heard = spoke.get_future();
  ASSERT_EQ(heard.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(heard.get(), 7U);
  EXPECT_EQ(read_line(child.stdout_read), "hello!") << "only looked at, not taken";
}

TEST_F(spare_child, hears_all_that_it_is_told_or_nothing) {
  begin(
    script("read line; echo \"$line\"; read line; echo \"${#line}\"; read line; echo \"$line\""));
  ASSERT_TRUE(child.tell("one\n"));
  EXPECT_EQ(read_line(child.stdout_read), "one");
  EXPECT_FALSE(child.tell(std::string(1 << 20, 'x') + '\n')) << "more than the pipe holds";
  ASSERT_TRUE(child.tell(std::string(48 << 10, 'x') + '\n'));
  EXPECT_EQ(read_line(child.stdout_read), std::to_string(48 << 10));
  ASSERT_TRUE(child.tell("three\n"));
  EXPECT_EQ(read_line(child.stdout_read), "three");
}

TEST_F(spare_child, is_not_told_what_would_not_fit_behind_what_it_has_not_read) {
  begin(script("tail -f /dev/null"));
  ASSERT_TRUE(child.tell(std::string(40 << 10, 'x') + '\n'));
  EXPECT_FALSE(child.tell(std::string(40 << 10, 'x') + '\n'));
  EXPECT_TRUE(child.tell("short\n"));
}

TEST_F(spare_child, is_listened_to_only_until_somebody_else_reads) {
  begin(script("read line; echo \"$line\"; cat"));
  const auto own_ends = [&] {
    const auto name = [](const std::string& link) {
      std::array<char, 64> text{};
      const auto size = readlink(link.c_str(), text.data(), text.size());
      return std::string(text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    };
    const auto pipe = name("/proc/self/fd/" + std::to_string(child.stdout_read.get()));
    int count = 0;
    for (int fd = 0; fd < 256; ++fd)
      count += name("/proc/self/fd/" + std::to_string(fd)) == pipe ? 1 : 0;
    return count;
  };
  EXPECT_TRUE(comes_true([&] { return own_ends() == 2; }));
  child.unheard.reset();
  EXPECT_TRUE(comes_true([&] { return own_ends() == 1; }));
  ASSERT_TRUE(child.tell("one\n"));
  EXPECT_EQ(read_line(child.stdout_read), "one");
  EXPECT_EQ(spoke.get_future().wait_for(0s), std::future_status::timeout);
}

TEST_F(spare_child, that_ends_in_silence_is_never_heard) {
  begin(script("exit 3"));
  EXPECT_EQ(ended.get_future().get().code, 3);
  by.stop();
  EXPECT_EQ(spoke.get_future().wait_for(0s), std::future_status::timeout);
  EXPECT_TRUE(child.stdout_closed());
}

TEST_F(spare_child, runs_at_a_lower_priority_until_it_is_told_to_restore_it) {
  auto spec = script("echo $PPID $$; cat");
  spec.unhurried = true;
  begin(std::move(spec));
  const auto pids = read_line(child.stdout_read);
  const auto pid = static_cast<pid_t>(std::stol(pids.substr(pids.find(' '))));
  const auto usual = [&] {
    return sched_getscheduler(pid) == sched_getscheduler(0)
           && getpriority(PRIO_PROCESS, static_cast<id_t>(pid)) == getpriority(PRIO_PROCESS, 0);
  };
  EXPECT_FALSE(usual());
  EXPECT_FALSE(child.stdout_closed());
  child.restore_priority();
  EXPECT_TRUE(comes_true(usual));
}

TEST(memory, counts_a_process_with_its_children) {
  const std::string held(4U << 20, 'x'); // of its own, whatever else it shares with others
  const auto own = tree_memory(::getpid());
  ASSERT_TRUE(own);
  EXPECT_GT(*own, held.size());
  launcher by{shim()};
  auto run = start(by, script("echo up; cat"));
  EXPECT_EQ(read_line(run.child.stdout_read), "up");
  const auto shim_and_child = tree_memory(run.child.pid);
  ASSERT_TRUE(shim_and_child);
  EXPECT_GT(*shim_and_child, 50U << 10);
  EXPECT_FALSE(tree_memory(0x3fffffff));
  EXPECT_GT(memory_available().value_or(0), 1U << 20);
}

} // namespace
} // namespace ccapi::process
