#include "domain/invariant.hpp"
#include "domain/result.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

void print(const char* what, const code_place& where) noexcept {
  std::fprintf(stderr, "broken: %s in %s\n", what, where.file);
}

TEST(invariant_test, one_that_holds_changes_nothing) {
  const auto before = broken_invariants();
  EXPECT_TRUE(invariant(true, "all is well"));
  EXPECT_EQ(broken_invariants(), before);
}

#ifndef NDEBUG
TEST(invariant_test, a_broken_one_is_reported_and_ends_a_debug_build) {
  const auto break_one = [] {
    report_broken_invariants_to(print);
    static_cast<void>(invariant(false, "water is wet"));
  };
  EXPECT_DEATH(break_one(), "broken: water is wet in .*invariant_test.cpp");
}

TEST(invariant_test, a_result_is_not_read_for_what_it_is_not) {
  const result<int> failed{error{}};
  EXPECT_DEATH(static_cast<void>(*failed), "");
  EXPECT_DEATH(static_cast<void>(result<int>{1}.error()), "");
}
#else
TEST(invariant_test, a_broken_one_is_counted_and_reported_and_the_program_goes_on) {
  const auto before = broken_invariants();
  EXPECT_FALSE(invariant(false, "water is wet"));
  EXPECT_EQ(broken_invariants(), before + 1);
}

TEST(invariant_test, a_result_is_not_read_for_what_it_is_not) {
  const result<int> failed{error{}};
  EXPECT_THROW(static_cast<void>(*failed), bad_result_access);
  EXPECT_THROW(static_cast<void>(result<int>{1}.error()), bad_result_access);
}
#endif

} // namespace
} // namespace ccapi::domain
