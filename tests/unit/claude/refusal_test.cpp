#include "claude/refusal.hpp"

#include <gtest/gtest.h>

namespace ccapi::claude {
namespace {

TEST(refusal_test, whole_sentences_of_the_api_name_the_parameter) {
  EXPECT_EQ(refused_parameter("`temperature` is deprecated for this model."), "temperature");
  EXPECT_EQ(refused_parameter("`top_p` is not supported for this model."), "top_p");
  EXPECT_EQ(refused_parameter("This model does not support the effort parameter."), "effort");
  EXPECT_EQ(
    refused_parameter(R"(tool_choice: type "tool" and "any" are not supported for this model.)"),
    "tool_choice");
  EXPECT_EQ(refused_parameter(R"("thinking.type.disabled" is not supported for this model. Use )"
                              R"("thinking.type.adaptive" and "output_config.effort" to control )"
                              "thinking behavior."),
            "thinking.type.disabled");
  EXPECT_EQ(refused_parameter(R"(To turn thinking off on this model, send "thinking": {"type": )"
                              R"("between_tools"} instead of "disabled".)"),
            "thinking.type.disabled");
}

TEST(refusal_test, nothing_that_can_quote_a_client_teaches) {
  for (const auto* sentence :
       {"", "`", "`temperature`", "temperature: range: 0..1",
        "`messages` is deprecated for this model.",
        "`temperature` is deprecated for this model. Ask again.",
        "messages.0: `temperature` is deprecated for this model.",
        "`temperature` cannot be set to -1 for this model", "`x` is not supported for this model.",
        "tools.0.custom.name: `top_p` is not supported for this model."})
    EXPECT_EQ(refused_parameter(sentence), "") << sentence;
}

} // namespace
} // namespace ccapi::claude
