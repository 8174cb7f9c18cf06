#include "standin/input.hpp"

#include <gtest/gtest.h>

namespace ccapi::standin {
namespace {

using std::string;

input read(std::string_view line) {
  auto got = input_reader{}.read(line);
  EXPECT_TRUE(got) << line;
  return got ? *got : input{};
}

user_line read_user(const string& content) {
  return std::get<user_line>(
    read(R"({"type":"user","uuid":"u1","message":{"role":"user","content":)" + content + "}}"));
}

TEST(standin_input, joins_text_blocks_and_sees_commands_in_the_last) {
  const auto plain = read_user(R"([{"type":"text","text":"/cost"},{"type":"text","text":""}])");
  EXPECT_EQ(plain.uuid, "u1");
  EXPECT_EQ(plain.text, "/cost");
  EXPECT_EQ(plain.command, "");
  EXPECT_TRUE(plain.query);
  EXPECT_EQ(read_user(R"("/cost now")").command, "/cost now");
  EXPECT_EQ(read_user(R"("/usr/bin is")").command, "");
  EXPECT_EQ(read_user(R"([{"type":"image","text":"no"},{"type":"text","text":"yes"}])").text,
            "yes");
}

TEST(standin_input, tells_settings_that_are_there_from_those_that_are_not) {
  const auto call = std::get<control_call>(
    read(R"({"type":"control_request","request_id":"r","request":{"subtype":"apply_flag_settings",)"
         R"("settings":{"effortLevel":null,"env":{"CLAUDE_CODE_EXTRA_BODY":"{}"}}}})"));
  EXPECT_EQ(call.settings.effort, "");
  EXPECT_EQ(call.settings.extra_body, "{}");
  EXPECT_FALSE(call.settings.headers);
  EXPECT_FALSE(call.system_prompt);
}

TEST(standin_input, joins_the_paragraphs_of_a_system_prompt) {
  const auto call = std::get<control_call>(
    read(R"({"type":"control_request","request_id":"r","request":{"subtype":"initialize",)"
         R"("systemPrompt":["a","b"]}})"));
  EXPECT_EQ(call.system_prompt, "a\n\nb");
}

TEST(standin_input, complains_of_what_the_gateway_must_never_send) {
  for (const std::string_view line :
       {"no json", R"({"type":"user"})", R"({"type":"user","message":{"role":"system"}})",
        R"({"type":"control_request"})", R"({"type":"a","type":"b"})", R"({"a":"\ud800"})",
        "\xef\xbb\xbf{}", R"({"a":"\xff"})"})
    EXPECT_FALSE(input_reader{}.read(line)) << line;
}

} // namespace
} // namespace ccapi::standin
