#include "process/secrets.hpp"

#include <gtest/gtest.h>

namespace ccapi::process {
namespace {

TEST(secrets, credentials_are_masked) {
  EXPECT_EQ(scrub_secrets("key sk-ant-api03-Ab_c-9== rejected"), "key sk-ant-*** rejected");
  EXPECT_EQ(scrub_secrets("authorization: bearer eyJhbGci.OiJ/9+x"), "authorization: bearer ***");
  EXPECT_EQ(scrub_secrets(R"({"Authorization":"Bearer abc"})"),
            R"({"Authorization":"Bearer ***"})");
  EXPECT_EQ(scrub_secrets(R"("x-api-key": "abc", "b")"), R"("x-api-key": "***", "b")");
  EXPECT_EQ(scrub_secrets("sk-ant-a sk-ant-b"), "sk-ant-*** sk-ant-***");
  EXPECT_EQ(scrub_secrets("a bearer, bearers"), "a bearer, bearers");
}

} // namespace
} // namespace ccapi::process
