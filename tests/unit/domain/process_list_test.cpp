#include "domain/metrics/process_list.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

using namespace std::chrono_literals;

const std::vector<process_line> of_supervisor{
  {.process = 1, .pid = 101, .state = "spare", .age = 5s, .resident_bytes = 4096},
  {.process = 2, .pid = 102, .state = "leased", .age = 9s, .resident_bytes = 8192}};
const std::vector<process_line> of_thread{
  {.process = 2, .state = "idle", .in_use = true, .turns = 3}};

void expect_whole(const std::vector<process_line>& all) {
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].state, "spare");
  EXPECT_EQ(all[0].pid, 101);
  EXPECT_EQ(all[1].process, 2U);
  EXPECT_EQ(all[1].state, "idle") << "who has it knows best what it is at";
  EXPECT_EQ(all[1].turns, 3U);
  EXPECT_EQ(all[1].pid, 102);
  EXPECT_EQ(all[1].age, 9s);
  EXPECT_EQ(all[1].resident_bytes, 8192U);
}

TEST(process_list, joins_what_two_know_whoever_tells_first) {
  std::vector<process_line> all;
  add(all, of_supervisor);
  add(all, of_thread);
  expect_whole(all);
  all.clear();
  add(all, of_thread);
  add(all, of_supervisor);
  expect_whole(all);
}

TEST(process_list, has_a_limit) {
  std::vector<process_line> many;
  for (std::uint64_t process = 1; process <= process_lines_max + 5; ++process)
    many.push_back({.process = process});
  std::vector<process_line> all;
  add(all, many);
  EXPECT_EQ(all.size(), process_lines_max);
}

} // namespace
} // namespace ccapi::domain
