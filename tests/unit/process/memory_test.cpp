// What is left of memory, by the machine and by the control groups around us.

#include "process/memory.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <unistd.h>

namespace ccapi::process {
namespace {

namespace fs = std::filesystem;

class memory_left : public testing::Test {
protected:
  memory_left() {
    fs::create_directories(from.groups / "system.slice/gateway.service");
    put(from.machine, "MemTotal:  9000 kB\nMemAvailable:  1000 kB\n");
    put(from.membership, "3:memory:/elsewhere\n0::/system.slice/gateway.service\n");
  }
  ~memory_left() override { fs::remove_all(root); }

  static void put(const fs::path& file, const std::string& text) { std::ofstream{file} << text; }
  void limit(const std::string& group, const std::string& max, const std::string& high,
             const std::string& current, const std::string& stat = "anon 5\ninactive_file 0\n") {
    put(from.groups / group / "memory.max", max);
    put(from.groups / group / "memory.high", high);
    put(from.groups / group / "memory.current", current);
    put(from.groups / group / "memory.stat", stat);
  }

  fs::path root = fs::temp_directory_path() / ("memory_left." + std::to_string(::getpid()));
  memory_sources from{root / "meminfo", root / "cgroup", root / "groups"};
};

TEST_F(memory_left, is_the_machines_without_limits) {
  EXPECT_EQ(memory_available(from), 1000U << 10);
  limit("system.slice/gateway.service", "max\n", "max\n", "70000\n");
  EXPECT_EQ(memory_available(from), 1000U << 10);
}

TEST_F(memory_left, is_the_groups_if_that_is_less) {
  limit("system.slice/gateway.service", "100000\n", "max\n", "70000\n");
  EXPECT_EQ(memory_available(from), 30'000U);
}

TEST_F(memory_left, soft_limit_counts_too) {
  limit("system.slice/gateway.service", "100000\n", "80000\n", "70000\n");
  EXPECT_EQ(memory_available(from), 10'000U);
}

TEST_F(memory_left, unused_files_count_as_free) {
  limit("system.slice/gateway.service", "100000\n", "max\n", "70000\n",
        "anon 60000\nfile 10000\ninactive_file 9000\nactive_file 1000\n");
  EXPECT_EQ(memory_available(from), 39'000U);
}

TEST_F(memory_left, is_never_below_nothing) {
  limit("system.slice/gateway.service", "100000\n", "60000\n", "70000\n");
  EXPECT_EQ(memory_available(from), 0U);
}

TEST_F(memory_left, groups_around_ours_count) {
  limit("system.slice/gateway.service", "100000\n", "max\n", "1000\n");
  limit("system.slice", "50000\n", "max\n", "40000\n");
  EXPECT_EQ(memory_available(from), 10'000U);
}

TEST_F(memory_left, in_a_container_the_root_is_ours) {
  put(from.membership, "0::/\n");
  limit("", "100000\n", "max\n", "1000\n");
  EXPECT_EQ(memory_available(from), 99'000U);
}

TEST_F(memory_left, is_unknown_if_nobody_tells) {
  fs::remove(from.machine);
  EXPECT_FALSE(memory_available(from));
  limit("system.slice/gateway.service", "100000\n", "max\n", "70000\n");
  EXPECT_EQ(memory_available(from), 30'000U);
}

TEST(resident_memory, is_that_of_a_process_and_its_descendants) {
  const auto held = tree_resident(::getpid());
  ASSERT_TRUE(held);
  EXPECT_GT(*held, std::uint64_t{1} << 20);
  EXPECT_FALSE(tree_resident(-1));
}

} // namespace
} // namespace ccapi::process
