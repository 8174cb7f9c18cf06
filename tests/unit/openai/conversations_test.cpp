// Bodies of /v1/conversations.

#include "json/reader.hpp"
#include "openai/conversations.hpp"

#include <gtest/gtest.h>

namespace ccapi::openai {
namespace {

const domain::model_catalog models{"sonnet", {{"gpt-*", "opus"}}, {"sonnet"}};

domain::result<domain::new_conversation> parsed(std::string body) {
  json::reader reader{{}};
  return parse_new_conversation(reader, body, {.models = models});
}

TEST(new_conversation, asks_for_nothing_if_it_is_empty) {
  for (const auto* body : {"", "{}", R"({"model":null,"metadata":null,"project_path":null})",
                           R"({"model":"","items":[],"unknown":[1]})"}) {
    const auto wanted = parsed(body);
    ASSERT_TRUE(wanted) << body;
    EXPECT_EQ(wanted->model, "");
    EXPECT_TRUE(wanted->labels.empty());
  }
}

TEST(new_conversation, resolves_its_model_and_keeps_its_labels) {
  const auto wanted = parsed(R"({"model":"gpt-4o","metadata":{"b":"2","a":"1"}})");
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->model, "opus");
  EXPECT_EQ(wanted->labels, (domain::conversation_labels{{"b", "2"}, {"a", "1"}}));
}

TEST(new_conversation, names_what_it_refuses) {
  const auto param_of = [](std::string body) {
    const auto wanted = parsed(std::move(body));
    return wanted ? "accepted" : wanted.error().param;
  };
  EXPECT_EQ(param_of(R"({"project_path":""})"), "project_path");
  EXPECT_EQ(param_of(R"({"project_path":["/"]})"), "project_path");
  EXPECT_EQ(param_of(R"({"items":[{}]})"), "items");
  EXPECT_EQ(param_of(R"({"metadata":[]})"), "metadata");
  EXPECT_EQ(param_of(R"({"metadata":{"a":1}})"), "metadata.a");
  EXPECT_EQ(param_of(R"({"metadata":{"turn_count":"9"}})"), "metadata");
  EXPECT_EQ(param_of(R"({"metadata":{"a":")" + std::string(513, 'x') + R"("}})"), "metadata");
  EXPECT_EQ(param_of(R"({"metadata":{")" + std::string(65, 'x') + R"(":""}})"), "metadata");
  EXPECT_EQ(parsed(R"({"model":"llama"})").error().code, domain::error_code::model_not_found);
  std::string many = R"({"metadata":{)";
  for (int i = 0; i < 17; ++i)
    many += (i ? ",\"" : "\"") + std::to_string(i) + R"(":"")";
  EXPECT_EQ(param_of(many + "}}"), "metadata");
}

TEST(new_conversation, counts_characters_not_bytes) {
  std::string text;
  for (int i = 0; i < 512; ++i)
    text += "\xc3\xa4";
  EXPECT_TRUE(parsed(R"({"metadata":{"a":")" + text + R"("}})"));
  EXPECT_FALSE(parsed(R"({"metadata":{"a":")" + text + R"(x"}})"));
}

TEST(conversation_bodies, have_their_shape) {
  using namespace std::chrono_literals;
  const domain::wall_time start{1764110004s};
  const domain::conversation_info what{.id = "c",
                                       .created_at = start,
                                       .updated_at = start + 7ms,
                                       .message_count = 4,
                                       .turn_count = 2,
                                       .total_tokens = 9,
                                       .model = "opus",
                                       .labels = {{"a\"", "b"}}};
  EXPECT_EQ(conversation_body(what),
            R"({"id":"c","object":"conversation","created_at":"2025-11-25T22:33:24.000Z",)"
            R"("updated_at":"2025-11-25T22:33:24.007Z","message_count":4,"metadata":)"
            R"({"model":"opus","total_tokens":9,"turn_count":2,"project_path":null,"a\"":"b"}})");
  EXPECT_EQ(conversation_list_body({{{"c", start}, {"d", start}}, true}),
            R"({"conversations":[{"id":"c","updated_at":"2025-11-25T22:33:24.000Z"},)"
            R"({"id":"d","updated_at":"2025-11-25T22:33:24.000Z"}],"has_more":true})");
  EXPECT_EQ(conversation_list_body({}), R"({"conversations":[],"has_more":false})");
}

} // namespace
} // namespace ccapi::openai
