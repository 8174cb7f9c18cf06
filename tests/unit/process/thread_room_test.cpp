// thread_room: what is granted, with and without a limit in the way.

#include "process/thread_room.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ccapi::process {
namespace {

TEST(thread_room, without_a_limit_all_are_granted) {
  EXPECT_EQ(threads_granted(0), 0U);
  EXPECT_EQ(threads_granted(20), 20U);
}

TEST(thread_room, limit_on_threads_shows_in_the_number) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t nobody_else = 54321; // the limit counts a user's threads, and spares root
    constexpr rlimit limit{6, 6};
    if (::getuid() == 0 && ::setuid(nobody_else) != 0)
      ::_exit(100);
    ::setrlimit(RLIMIT_NPROC, &limit);
    ::_exit(static_cast<int>(threads_granted(20)));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (::getuid() == 0)
    EXPECT_EQ(WEXITSTATUS(status), 5);
  else
    EXPECT_LE(WEXITSTATUS(status), 5); // others of this user count, too
}

} // namespace
} // namespace ccapi::process
