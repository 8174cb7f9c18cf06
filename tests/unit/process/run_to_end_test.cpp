#include "child_probe.hpp"

#include <gmock/gmock.h>

namespace ccapi::process {
namespace {

using namespace probe;
using testing::HasSubstr;
using testing::Not;

TEST(run_to_end, gives_what_the_command_wrote) {
  const auto output = run_to_end(shim(), script("echo 2.1.330; echo noise >&2"), patience);
  ASSERT_TRUE(output) << output.error().detail;
  EXPECT_EQ(*output, "2.1.330\n");
}

TEST(run_to_end, command_gets_an_empty_input) {
  const auto output = run_to_end(shim(), script("cat; echo end"), patience);
  ASSERT_TRUE(output);
  EXPECT_EQ(*output, "end\n");
}

TEST(run_to_end, non_zero_exit_fails_with_what_stderr_says_but_its_secrets) {
  const auto output = run_to_end(
    shim(), script("printf 'bad \\033[31m key sk-ant-api03-abcDEF\\n' >&2; exit 3"), patience);
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().code, domain::error_code::cli_unavailable);
  EXPECT_FALSE(output.error().retry_useful);
  EXPECT_THAT(output.error().detail, HasSubstr("exit code 3"));
  EXPECT_THAT(output.error().detail, HasSubstr("bad \033[31m key sk-ant-***\n"));
  EXPECT_THAT(output.error().message, Not(HasSubstr("bad")));
}

TEST(run_to_end, missing_program_fails_with_its_name) {
  const auto output = run_to_end(shim(), command({"/no/such/claude"}), patience);
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().detail, HasSubstr("/no/such/claude"));
}

TEST(run_to_end, hanging_command_is_ended_with_its_tree) {
  const auto mark = new_mark();
  const auto output =
    run_to_end(shim(), script("trap '' TERM; setsid sleep 1000 & sleep 1000", {mark}), 300ms);
  ASSERT_FALSE(output);
  EXPECT_THAT(output.error().detail, HasSubstr("300 ms"));
  EXPECT_TRUE(marked(mark).empty());
  EXPECT_FALSE(has_children());
}

TEST(run_to_end, endless_output_is_bounded_in_time_and_memory) {
  const auto output = run_to_end(shim(), script("yes >&2 & exec yes"), 300ms);
  ASSERT_FALSE(output);
  EXPECT_LE(output.error().detail.size(), 2048U);
  EXPECT_FALSE(has_children());
}

TEST(run_to_end, long_output_is_cut_and_never_blocks_the_command) {
  const auto output =
    run_to_end(shim(), script("head -c 1000000 /dev/zero | tr '\\0' x"), patience);
  ASSERT_TRUE(output) << output.error().detail;
  EXPECT_EQ(output->size(), 64U << 10);
}

} // namespace
} // namespace ccapi::process
