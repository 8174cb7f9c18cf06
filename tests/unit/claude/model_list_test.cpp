#include "claude/model_list.hpp"

#include <gtest/gtest.h>

namespace ccapi::claude {
namespace {

TEST(model_list_test, asks_each_version_in_its_way) {
  EXPECT_NE(model_list_request({2, 1, 332}).find(R"("subtype":"list_models")"), std::string::npos);
  EXPECT_NE(model_list_request({2, 1, 197}).find(R"("subtype":"initialize")"), std::string::npos);
}

TEST(model_list_test, reads_names_and_what_they_stand_for) {
  const auto models = read_model_list(
    "garbage\n"
    R"({"type":"control_response","response":{"subtype":"success","request_id":"models",)"
    R"("response":{"models":[{"value":"default","resolvedModel":"claude-opus-5-5"},)"
    R"({"value":"opus[1m]","resolvedModel":"claude-opus-4-8[1m]"},{"value":"x"},7,)"
    R"({"value":"--evil","resolvedModel":"claude-x"}]}}})"
    "\n\n{}");
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[1].name, "opus[1m]");
  EXPECT_EQ(models[1].id, "claude-opus-4-8[1m]");
}

TEST(model_list_test, no_list_is_an_empty_one) {
  for (const auto* output :
       {"", "\n", "[]", R"({"response":{"subtype":"error","error":"Unsupported"}})",
        R"({"response":{"response":{"models":"none"}}})"})
    EXPECT_TRUE(read_model_list(output).empty()) << output;
}

} // namespace
} // namespace ccapi::claude
