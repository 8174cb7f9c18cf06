// No orphan, no zombie: whatever ends first, and however it does, the whole tree goes with it.
#include "child_probe.hpp"

#include <csignal>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ccapi::process {
namespace {

using namespace probe;
using clock = std::chrono::steady_clock;

/// Ignores SIGTERM itself, and has a child, a grandchild in its group, and a descendant in a
/// session of its own, all of which ignore SIGTERM and hold stdout open.
constexpr const char* stubborn_tree = "trap '' TERM INT HUP;"
                                      "sleep 1000 &"
                                      "(sleep 1000 & sleep 1000) &"
                                      "setsid sh -c 'sleep 1000 & echo away; exec sleep 1000' &"
                                      "setsid setsid sleep 1000 &"
                                      "while [ -z \"$stop\" ]; do sleep 1000; done";

class process_tree_test : public testing::Test {
protected:
  /// Starts a tree and waits until its last part is there.
  running grow(const std::string& text) {
    auto run = start(by, script(text, {mark}));
    EXPECT_EQ(read_line(run.child.stdout_read), "away");
    return run;
  }

  std::string mark = new_mark();
  launcher by{shim()};
};

TEST_F(process_tree_test, dropping_the_child_ends_its_whole_tree) {
  auto run = grow(stubborn_tree);
  EXPECT_GE(marked(mark).size(), 6U);
  const auto begin = clock::now();
  run.child = {};
  EXPECT_EQ(run.wait().code, 128 + SIGKILL);
  EXPECT_GE(clock::now() - begin, 200ms); // it had its time to end by itself
  EXPECT_TRUE(marked(mark).empty());
  EXPECT_FALSE(has_children());
}

TEST_F(process_tree_test, dropped_child_may_end_by_itself_within_the_grace_time) {
  auto run = start(
    by, script("trap 'echo bye; exit 3' TERM; echo away; while :; do sleep 0.01; done", {mark}));
  EXPECT_EQ(read_line(run.child.stdout_read), "away");
  run.child.life.reset();
  EXPECT_EQ(read_all(run.child.stdout_read), "bye\n");
  EXPECT_EQ(run.wait().code, 3);
  EXPECT_TRUE(marked(mark).empty());
}

TEST_F(process_tree_test, end_of_the_cli_ends_what_it_left_behind) {
  auto run = grow("sleep 1000 & setsid sh -c 'echo away; exec sleep 1000' & read line; exit 4");
  run.child.stdin_write.reset();
  EXPECT_EQ(run.wait().code, 4);
  EXPECT_EQ(read_all(run.child.stdout_read), ""); // nobody holds the pipe any more
  EXPECT_TRUE(marked(mark).empty());
}

TEST_F(process_tree_test, sigkill_ends_the_whole_tree_at_once) {
  auto run = grow(stubborn_tree);
  EXPECT_TRUE(run.child.signal(SIGKILL));
  EXPECT_EQ(run.wait().code, 128 + SIGKILL);
  EXPECT_TRUE(marked(mark).empty());
}

TEST_F(process_tree_test, stopped_child_wakes_up_to_end_by_itself) {
  auto run = start(by, script("trap 'exit 8' TERM; echo away; kill -STOP $$; sleep 1000", {mark}));
  EXPECT_EQ(read_line(run.child.stdout_read), "away");
  run.child = {};
  EXPECT_EQ(run.wait().code, 8);
  EXPECT_TRUE(marked(mark).empty());
}

TEST_F(process_tree_test, killed_shim_takes_the_cli_along) {
  auto run = start(by, script("trap '' TERM; echo away; while :; do read line; done", {mark}));
  EXPECT_EQ(read_line(run.child.stdout_read), "away");
  ASSERT_EQ(::kill(run.child.pid, SIGKILL), 0);
  EXPECT_EQ(run.wait().signal, SIGKILL);
  EXPECT_TRUE(gone_within(mark, patience));
}

TEST_F(process_tree_test, stop_ends_polite_children_by_sigterm) {
  auto run = start(by, script("trap 'exit 21' TERM; echo away; while :; do sleep 0.01; done"));
  EXPECT_EQ(read_line(run.child.stdout_read), "away");
  by.stop();
  EXPECT_EQ(run.wait().code, 21);
  EXPECT_FALSE(has_children());
}

TEST_F(process_tree_test, stop_ends_trees_that_ignore_sigterm_in_bounded_time) {
  auto first = grow(stubborn_tree);
  auto second = grow(stubborn_tree);
  const auto begin = clock::now();
  by.stop();
  EXPECT_LT(clock::now() - begin, 4s);
  EXPECT_EQ(first.wait().code, 128 + SIGKILL);
  EXPECT_EQ(second.wait().code, 128 + SIGKILL);
  EXPECT_TRUE(marked(mark).empty());
  EXPECT_FALSE(has_children());
}

TEST_F(process_tree_test, stopped_shim_wakes_up_to_end_its_tree) {
  auto run = grow(stubborn_tree);
  ASSERT_EQ(::kill(run.child.pid, SIGSTOP), 0);
  run.child = {};
  EXPECT_EQ(run.wait().code, 128 + SIGKILL);
  EXPECT_TRUE(marked(mark).empty());
}

TEST_F(process_tree_test, stopped_shim_passes_signals_on) {
  auto run = start(by, script("trap 'exit 8' TERM; echo away; while :; do sleep 0.01; done"));
  EXPECT_EQ(read_line(run.child.stdout_read), "away");
  ASSERT_EQ(::kill(run.child.pid, SIGSTOP), 0);
  EXPECT_TRUE(run.child.signal(SIGTERM));
  EXPECT_EQ(run.wait().code, 8);
}

TEST_F(process_tree_test, stop_wakes_a_stopped_shim) {
  auto run = grow(stubborn_tree);
  ASSERT_EQ(::kill(run.child.pid, SIGSTOP), 0);
  by.stop();
  EXPECT_EQ(run.wait().code, 128 + SIGKILL);
  EXPECT_TRUE(marked(mark).empty());
}

/// A launcher whose shim heeds neither signals, all of which are blocked, nor its life pipe.
class deaf_shim_test : public testing::Test {
protected:
  deaf_shim_test() {
    const unique_fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0700)};
    constexpr std::string_view text = "#!/bin/sh\nexec /bin/sleep 1000\n";
    EXPECT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  ~deaf_shim_test() override { ::unlink(path.c_str()); }

  const std::string path = testing::TempDir() + "ccapi-deaf-shim-" + std::to_string(::getpid());
  launcher by{path};
};

TEST_F(deaf_shim_test, ends_when_its_child_is_dropped) {
  auto run = start(by, command({"/bin/true"}));
  const auto begin = clock::now();
  run.child = {};
  EXPECT_EQ(run.wait().signal, SIGKILL);
  EXPECT_GE(clock::now() - begin, 2s) << "it had its time to end the tree";
}

TEST_F(deaf_shim_test, ends_when_it_is_killed) {
  auto run = start(by, command({"/bin/true"}));
  EXPECT_TRUE(run.child.signal(SIGKILL));
  EXPECT_TRUE(run.child.kill_shim());
  EXPECT_EQ(run.wait().signal, SIGKILL);
  EXPECT_FALSE(run.child.kill_shim());
}

TEST_F(deaf_shim_test, ends_with_the_launcher) {
  auto run = start(by, command({"/bin/true"}));
  by.stop();
  EXPECT_EQ(run.wait().signal, SIGKILL);
  EXPECT_FALSE(has_children());
}

TEST_F(deaf_shim_test, may_be_dropped_behind_the_launcher) {
  std::optional<running> run;
  {
    launcher shortly{path};
    run = start(shortly, command({"/bin/true"}));
    EXPECT_TRUE(run->child.kill_shim());
  }
  EXPECT_EQ(run->wait().signal, SIGKILL);
  run.reset();
}

/// Another process that is a gateway with two stubborn trees; tells when they stand.
[[noreturn]] void be_gateway(const std::string& mark, int tell) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is cut off leaves nothing behind
  launcher by{shim()};
  auto first = start(by, script(stubborn_tree, {mark}));
  auto second = start(by, script(stubborn_tree, {mark}));
  read_line(first.child.stdout_read);
  read_line(second.child.stdout_read);
  static_cast<void>(!::write(tell, "ready\n", 6));
  for (;;)
    ::pause();
}

TEST(process_tree, killed_gateway_leaves_nothing_behind_after_a_second) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0); // the orphaned shims come to us
  const auto mark = new_mark();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const unique_fd told{ends[0]};
  unique_fd tell{ends[1]};
  const pid_t gateway = ::fork();
  ASSERT_GE(gateway, 0);
  if (gateway == 0)
    be_gateway(mark, tell.get());
  tell.reset();
  EXPECT_EQ(read_line(told), "ready");
  EXPECT_GE(marked(mark).size(), 12U);
  ::kill(gateway, SIGKILL);
  EXPECT_TRUE(gone_within(mark, 1s));
  EXPECT_EQ(::waitpid(gateway, nullptr, 0), gateway);
  int shims = 0;
  while (::waitpid(-1, nullptr, 0) > 0)
    ++shims;
  EXPECT_EQ(shims, 2); // nothing else was left to be reaped by others
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(process_tree_test, two_hundred_children_leave_no_descriptor_and_no_zombie) {
  start(by, script("exit 0")).wait();
  const std::size_t before = open_descriptors();
  for (int round = 0; round < 50; ++round) {
    running together[] = {start(by, script("exit 0", {mark})), start(by, command({"/bin/cat"})),
                          start(by, command({"/bin/cat"})), start(by, command({"/no/claude"}))};
    together[1].child.stdin_write.reset();
    together[2].child = {};
    for (auto& run : together)
      run.wait();
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(has_children());
}

} // namespace
} // namespace ccapi::process
