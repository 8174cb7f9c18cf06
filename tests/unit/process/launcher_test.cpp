#include "child_probe.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/resource.h>
#include <unistd.h>

namespace ccapi::process {
namespace {

using namespace probe;
using testing::HasSubstr;

class launcher_test : public testing::Test {
protected:
  launcher by{shim()};
};

TEST_F(launcher_test, hands_arguments_over_exactly) {
  auto run = start(by, command({"/bin/cat", "/proc/self/cmdline", "--", "/dev/null"}));
  EXPECT_EQ(read_all(run.child.stdout_read),
            (std::string{"/bin/cat\0/proc/self/cmdline\0--\0/dev/null\0", 41}));
  EXPECT_EQ(run.wait().code, 0);
}

TEST_F(launcher_test, gives_exactly_the_environment_that_was_asked_for) {
  ASSERT_EQ(setenv("CCAPI_TEST_LEAK", "secret", 1), 0);
  auto run = start(by, command({"/bin/cat", "/proc/self/environ"}, {"A=1", "B=x y", "EMPTY="}));
  EXPECT_EQ(read_all(run.child.stdout_read), (std::string{"A=1\0B=x y\0EMPTY=\0", 17}));
  unsetenv("CCAPI_TEST_LEAK");
}

TEST_F(launcher_test, starts_the_child_in_the_given_directory) {
  auto spec = command({"/bin/readlink", "/proc/self/cwd"});
  spec.directory = "/usr/bin";
  auto run = start(by, spec);
  EXPECT_EQ(read_line(run.child.stdout_read), std::filesystem::canonical("/usr/bin").string());
}

TEST_F(launcher_test, child_has_three_descriptors_only) {
  // Not close-on-exec on purpose, with a high and a low number.
  const unique_fd low{::open("/dev/null", O_RDONLY)};
  const unique_fd high{::fcntl(low.get(), F_DUPFD, 200)};
  auto neighbour = start(by, command({"/bin/cat"}));
  auto run = start(by, command({"/bin/ls", "/proc/self/fd"}));
  // 3 is the directory that ls itself has open.
  EXPECT_EQ(read_all(run.child.stdout_read), "0\n1\n2\n3\n");
}

TEST_F(launcher_test, child_has_no_signal_blocked_or_ignored) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  auto run = start(by, command({"/bin/grep", "-E", "SigBlk|SigIgn", "/proc/self/status"}));
  EXPECT_EQ(read_line(run.child.stdout_read), "SigBlk:\t0000000000000000");
  const auto ignored = std::stoull(read_line(run.child.stdout_read).substr(8), nullptr, 16);
  EXPECT_EQ(ignored & 0x7fffffffU, 0U); // 32 and 33 belong to glibc
  std::signal(SIGPIPE, before);
}

TEST_F(launcher_test, end_of_input_reaches_the_child) {
  auto run = start(by, command({"/bin/cat"}));
  ASSERT_EQ(::write(run.child.stdin_write.get(), "hello\n", 6), 6);
  EXPECT_EQ(read_line(run.child.stdout_read), "hello");
  run.child.stdin_write.reset();
  EXPECT_EQ(read_all(run.child.stdout_read), "");
  EXPECT_EQ(run.wait().code, 0);
}

TEST_F(launcher_test, end_of_output_and_errors_reaches_the_gateway_while_the_child_lives) {
  auto run = start(by, script("exec >&- 2>&-; read line; exit 9"));
  EXPECT_EQ(read_all(run.child.stdout_read), "");
  EXPECT_EQ(read_all(run.child.stderr_read), "");
  run.child.stdin_write.reset();
  EXPECT_EQ(run.wait().code, 9);
}

TEST_F(launcher_test, gateway_ends_of_pipes_do_not_block_but_those_of_the_child_do) {
  auto run = start(by, script("cat /proc/self/fdinfo/0 /proc/self/fdinfo/1 | grep -c flags.*4000"));
  for (const auto* end : {&run.child.stdin_write, &run.child.stdout_read, &run.child.stderr_read})
    EXPECT_NE(::fcntl(end->get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(read_all(run.child.stdout_read), "0\n");
}

TEST_F(launcher_test, passes_exit_codes_on) {
  for (const int code : {0, 1, 42, 255}) {
    auto run = start(by, script("exit " + std::to_string(code)));
    const auto status = run.wait();
    EXPECT_EQ(status.code, code);
    EXPECT_EQ(status.signal, 0);
  }
}

TEST_F(launcher_test, tells_a_signal_that_ended_the_child) {
  auto run = start(by, script("kill -SEGV $$"));
  EXPECT_EQ(run.wait().code, 128 + SIGSEGV);
}

TEST_F(launcher_test, passes_signals_on) {
  auto run = start(by, script("trap 'exit 33' INT; echo ready; while :; do sleep 0.01; done"));
  EXPECT_EQ(read_line(run.child.stdout_read), "ready");
  EXPECT_TRUE(run.child.signal(SIGINT));
  EXPECT_EQ(run.wait().code, 33);
}

TEST_F(launcher_test, signals_nobody_once_the_child_is_gone) {
  auto run = start(by, script("exit 0"));
  EXPECT_EQ(run.wait().code, 0);
  EXPECT_FALSE(run.child.signal(SIGTERM));
  EXPECT_FALSE(run.child.signal(SIGKILL));
}

TEST_F(launcher_test, missing_program_ends_with_127_and_a_reason) {
  auto run = start(by, command({"/no/such/claude"}));
  EXPECT_THAT(read_all(run.child.stderr_read), HasSubstr("/no/such/claude: No such file"));
  EXPECT_EQ(run.wait().code, 127);
}

TEST_F(launcher_test, program_that_is_not_executable_ends_with_126_and_a_reason) {
  auto run = start(by, command({"/etc/passwd"}));
  EXPECT_THAT(read_all(run.child.stderr_read), HasSubstr("/etc/passwd: Permission denied"));
  EXPECT_EQ(run.wait().code, 126);
}

TEST_F(launcher_test, missing_directory_is_a_lasting_failure_that_names_it) {
  auto spec = command({"/bin/true"});
  spec.directory = "/no/such/place";
  const auto made = try_start(by, spec);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, domain::error_code::cli_unavailable);
  EXPECT_FALSE(made.error().retry_useful);
  EXPECT_THAT(made.error().detail, HasSubstr("/no/such/place"));
}

TEST_F(launcher_test, too_many_arguments_are_a_lasting_failure) {
  const auto made = try_start(by, command({"/bin/true", std::string(std::size_t{8} << 20, 'x')}));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, domain::error_code::cli_unavailable);
  EXPECT_FALSE(made.error().retry_useful);
}

TEST(launcher, missing_shim_is_a_lasting_failure) {
  launcher by{"/no/such/shim"};
  const auto made = try_start(by, command({"/bin/true"}));
  ASSERT_FALSE(made);
  EXPECT_FALSE(made.error().retry_useful);
  EXPECT_FALSE(has_children());
}

TEST_F(launcher_test, shortage_of_descriptors_may_pass_and_leaves_nothing_open) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const std::size_t open_before = open_descriptors();
  // Every shortage, from none left to just too few.
  int failures = 0;
  for (rlim_t spare = 0; spare < 9; ++spare) {
    const rlimit tight{static_cast<rlim_t>(open_before - 1) + spare, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
    const auto made = try_start(by, command({"/bin/cat"}));
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    if (made)
      continue; // low numbers were free
    ++failures;
    EXPECT_EQ(made.error().code, domain::error_code::cli_unavailable);
    EXPECT_TRUE(made.error().retry_useful);
    EXPECT_EQ(open_descriptors(), open_before);
  }
  EXPECT_GE(failures, 5);
  auto run = start(by, script("exit 5"));
  EXPECT_EQ(run.wait().code, 5);
}

TEST(launcher, refuses_work_after_stop) {
  launcher by{shim()};
  by.stop();
  const auto made = try_start(by, command({"/bin/true"}));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, domain::error_code::draining);
}

} // namespace
} // namespace ccapi::process
