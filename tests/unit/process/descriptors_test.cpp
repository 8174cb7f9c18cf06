#include "process/descriptors.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

namespace ccapi::process {
namespace {

TEST(descriptors, are_as_many_as_the_hard_limit_allows) {
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  auto low = usual;
  low.rlim_cur = 128;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit(), usual.rlim_max);
  rlimit now{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, usual.rlim_max);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
}

TEST(descriptors, decide_how_many_connections_there_may_be) {
  EXPECT_EQ(connections_within(65'536, 2048, 10), 2048u);
  EXPECT_EQ(connections_within(RLIM_INFINITY, 2048, 10), 2048u);
  EXPECT_EQ(connections_within(1024, 2048, 10), 1024u - 96 - 50);
  EXPECT_EQ(connections_within(64, 2048, 10), 1u);
}

} // namespace
} // namespace ccapi::process
