#include "domain/models/model_traits.hpp"

#include <gtest/gtest.h>

namespace ccapi::domain {
namespace {

TEST(model_traits_test, a_family_is_found_by_every_form_of_its_name) {
  for (const auto* name :
       {"claude-haiku-4-5", "claude-haiku-4-5-20251001", "claude-haiku-4-5[1m]",
        "claude-haiku-4-5@20251001", "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "anthropic/claude-haiku-4-5", "claude-haiku-4-5-latest"})
    EXPECT_EQ(traits_of(name).family, "claude-haiku-4-5") << name;
  EXPECT_EQ(traits_of("claude-opus-5").family, "claude-opus-5");
  EXPECT_EQ(traits_of("claude-opus-5-5").family, "claude-opus-5-5");
  EXPECT_EQ(traits_of("claude-opus-4-8[1m]").family, "claude-opus-4-8");
}

TEST(model_traits_test, what_has_no_row_counts_as_the_newest_generation) {
  for (const auto* name : {"claude-sonnet-6", "claude-opus-5-6", "claude-haiku-4-55", "sonnet",
                           "claude-", "", "gpt-4", "claude-opus-5-5-preview"}) {
    const auto& traits = traits_of(name);
    EXPECT_EQ(traits.off, thinking_off::never) << name;
    EXPECT_EQ(traits.sampling, sampling_rule::never) << name;
    EXPECT_FALSE(traits.forces_tools || traits.takes_prefill) << name;
  }
}

TEST(model_traits_test, what_is_older_counts_as_the_oldest) {
  for (const auto* name : {"claude-3-haiku-20240307", "claude-opus-4-20250514", "claude-2.1",
                           "claude-opus-4-1-20250805", "claude-instant-1.2"})
    EXPECT_TRUE(traits_of(name).thinks_by_budget) << name;
}

TEST(model_traits_test, efforts_have_their_gaps) {
  EXPECT_FALSE(traits_of("claude-sonnet-4-6").takes(effort::xhigh));
  EXPECT_TRUE(traits_of("claude-sonnet-4-6").takes(effort::max));
  EXPECT_FALSE(traits_of("claude-opus-4-5").takes(effort::max));
  EXPECT_FALSE(traits_of("claude-haiku-4-5").takes(effort::low));
  EXPECT_TRUE(traits_of("claude-opus-5-5").takes(effort::max));
}

} // namespace
} // namespace ccapi::domain
