#include "standin/dialogue.hpp"

#include <gtest/gtest.h>

namespace ccapi::standin {
namespace {

TEST(dialogue, rewinds_to_its_last_user_message_only) {
  dialogue known;
  known.add_user("u1", "one");
  known.add_assistant("a1", "two");
  known.add_user("u2", "three");
  known.add_assistant({}, "four");
  known.add_user({}, "[Request interrupted by user]");
  EXPECT_FALSE(known.rewind("u1", true).done);
  EXPECT_EQ(known.messages().size(), 5u);
  EXPECT_EQ(known.rewind("u2", true).response,
            R"({"rewound":true,"targetMessageUuid":"u2","prefillText":"three\n",)"
            R"("precedingAssistantUuid":"a1"})");
  EXPECT_EQ(known.messages().size(), 2u);
  EXPECT_EQ(known.rewind("u1", false).response,
            R"({"rewound":false,"prefillText":null,"precedingAssistantUuid":null,)"
            R"("error":"no preceding assistant"})");
  EXPECT_TRUE(known.rewind("u1", true).done);
  EXPECT_EQ(known.messages().size(), 0u);
  EXPECT_FALSE(known.rewind("u1", true).done);
  EXPECT_FALSE(known.rewind("", true).done);
}

} // namespace
} // namespace ccapi::standin
