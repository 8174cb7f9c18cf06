// Bodies that are refused: each names the field, and the way it is refused.

#include "json/reader.hpp"
#include "openai/chat_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ccapi::openai {
namespace {

using domain::error_code;
using testing::HasSubstr;

const domain::model_catalog models{"sonnet", {{"gpt-*", "default"}}, {"sonnet", "opus"}};

domain::error refuse(std::string body, json::limits limits = {}, std::size_t messages_max = 2000) {
  json::reader reader{limits};
  auto parsed = parse_chat(reader, body, {models, messages_max});
  if (parsed) {
    ADD_FAILURE() << "accepted: " << body;
    return {};
  }
  return std::move(parsed).error();
}

struct refused_case {
  error_code code;
  std::string_view param;
  std::string_view fragment; ///< a part of the message
  std::string_view json;
};

void PrintTo(const refused_case& row, std::ostream* out) {
  *out << row.json;
}

void expect_refused(const refused_case& row, std::string body) {
  const auto failure = refuse(std::move(body));
  EXPECT_EQ(failure.code, row.code) << failure.message;
  EXPECT_EQ(failure.param, row.param) << failure.message;
  EXPECT_THAT(failure.message, HasSubstr(std::string{row.fragment}));
  EXPECT_FALSE(failure.retry_useful);
}

constexpr auto invalid = error_code::invalid_request;
constexpr auto unsupported = error_code::unsupported_parameter;

// -- members beside the messages ------------------------------------------------------------------

class refused_member : public testing::TestWithParam<refused_case> {};

TEST_P(refused_member, is_named) {
  expect_refused(GetParam(), R"({"messages":[{"role":"user","content":"hi"}],)"
                               + std::string{GetParam().json} + "}");
}

INSTANTIATE_TEST_SUITE_P(
  wrong_type, refused_member,
  testing::Values(
    refused_case{invalid, "model", "expected a string, but got an integer", R"("model":4)"},
    refused_case{invalid, "stream", "expected a boolean, but got a string", R"("stream":"yes")"},
    refused_case{invalid, "stream_options", "expected an object", R"("stream_options":true)"},
    refused_case{invalid, "stream_options.include_usage", "expected a boolean",
                 R"("stream_options":{"include_usage":1})"},
    refused_case{invalid, "temperature", "expected a number, but got a string",
                 R"("temperature":"0.5")"},
    refused_case{invalid, "top_p", "expected a number", R"("top_p":[])"},
    refused_case{invalid, "stop", "expected a string or an array of strings", R"("stop":1)"},
    refused_case{invalid, "stop[1]", "expected a string, but got null", R"("stop":["a",null])"},
    refused_case{invalid, "max_tokens", "expected an integer", R"("max_tokens":"10")"},
    refused_case{invalid, "max_tokens", "expected an integer, but got a decimal number",
                 R"("max_tokens":1.5)"},
    refused_case{invalid, "max_tokens", "expected an integer",
                 R"("max_tokens":true,"max_completion_tokens":5)"},
    refused_case{invalid, "n", "expected an integer", R"("n":"1")"},
    refused_case{invalid, "conversation_id", "expected a string", R"("conversation_id":7)"},
    refused_case{invalid, "tools", "expected an array", R"("tools":{})"},
    refused_case{invalid, "tool_choice", "expected a string or an object", R"("tool_choice":1)"},
    refused_case{invalid, "response_format", "expected an object", R"("response_format":"json")"},
    refused_case{invalid, "response_format.type", "Missing", R"("response_format":{})"},
    refused_case{invalid, "response_format.type", "must be one of",
                 R"("response_format":{"type":"xml"})"},
    refused_case{invalid, "response_format.json_schema.name", "Missing",
                 R"("response_format":{"json_schema":{},"type":"json_schema"})"},
    refused_case{invalid, "logprobs", "expected a boolean", R"("logprobs":1)"},
    refused_case{invalid, "prediction", "expected an object", R"("prediction":"x")"},
    refused_case{invalid, "reasoning.effort", "expected a string", R"("reasoning":{"effort":1})"},
    refused_case{invalid, "modalities", "expected an array", R"("modalities":"text")"},
    refused_case{invalid, "modalities[0]", "expected a string", R"("modalities":[1])"},
    refused_case{invalid, "presence_penalty", "expected a number", R"("presence_penalty":"0")"},
    refused_case{invalid, "frequency_penalty", "expected a number", R"("frequency_penalty":{})"},
    refused_case{invalid, "seed", "expected an integer", R"("seed":"x")"},
    refused_case{invalid, "logit_bias", "expected an object", R"("logit_bias":[])"},
    refused_case{invalid, "top_logprobs", "expected an integer", R"("top_logprobs":0.5)"}));

INSTANTIATE_TEST_SUITE_P(
  out_of_range, refused_member,
  testing::Values(
    refused_case{invalid, "temperature", "between 0 and 2", R"("temperature":2.01)"},
    refused_case{invalid, "temperature", "between 0 and 2", R"("temperature":-0.1)"},
    refused_case{invalid, "top_p", "between 0 and 1", R"("top_p":1.1)"},
    refused_case{invalid, "presence_penalty", "between -2 and 2", R"("presence_penalty":3)"},
    refused_case{invalid, "stop", "at most 4", R"("stop":["a","b","c","d","e"])"},
    refused_case{invalid, "stop", "must not be empty", R"("stop":"")"},
    refused_case{invalid, "stop[1]", "must not be empty", R"("stop":["a",""])"},
    refused_case{invalid, "max_tokens", "from 1 to", R"("max_tokens":0)"},
    refused_case{invalid, "max_completion_tokens", "from 1 to", R"("max_completion_tokens":-1)"},
    refused_case{invalid, "max_tokens", "from 1 to", R"("max_tokens":18446744073709551615)"},
    refused_case{invalid, "max_tokens", "from 1 to", R"("max_tokens":1e300)"},
    refused_case{invalid, "max_tokens", "must be an integer from 1 to 1,000,000,000.",
                 R"("max_tokens":99999999999999999999999)"},
    refused_case{invalid, "max_tokens", "from 1 to 1,000,000,000", R"("max_tokens":1000000001)"},
    refused_case{invalid, "max_tokens", "from 1 to 1,000,000,000", R"("max_tokens":1e999)"},
    refused_case{invalid, "max_tokens", "from 1 to", R"("max_tokens":-99999999999999999999)"},
    refused_case{invalid, "max_completion_tokens", "from 1 to 1,000,000,000",
                 R"("max_completion_tokens":18446744073709551616)"},
    refused_case{invalid, "temperature", "between 0 and 2",
                 R"("temperature":99999999999999999999999)"},
    refused_case{invalid, "top_logprobs", "from 0 to 20", R"("top_logprobs":1e400)"},
    refused_case{invalid, "seed", "an integer of 64 bits", R"("seed":9223372036854775808)"},
    refused_case{invalid, "seed", "an integer of 64 bits", R"("seed":-99999999999999999999)"},
    refused_case{invalid, "reasoning_effort", "one of none", R"("reasoning_effort":"huge")"},
    refused_case{invalid, "reasoning.effort", "one of none", R"("reasoning":{"effort":"huge"})"},
    refused_case{invalid, "n", "from 1 to 128", R"("n":129)"},
    refused_case{invalid, "n", "from 1 to", R"("n":0)"},
    refused_case{invalid, "conversation_id", "1 to 128", R"("conversation_id":"")"},
    refused_case{invalid, "conversation_id", "1 to 128", R"("conversation_id":"a/../b")"},
    refused_case{invalid, "conversation_id", "1 to 128", R"("conversation_id":"a\ud83d")"},
    refused_case{error_code::model_not_found, "model", "'llama-3'", R"("model":"llama-3")"},
    refused_case{error_code::model_not_found, "model", "'gpt-4\\x0a'", R"("model":"gpt-4\n")"},
    refused_case{error_code::model_not_found, "model", "", R"("model":"gpt-\ud83d")"},
    refused_case{error_code::model_not_found, "model", "", R"("model":"gpt-4\n")"}));

INSTANTIATE_TEST_SUITE_P(
  unsupported, refused_member,
  testing::Values(
    refused_case{unsupported, "response_format.json_schema.schema", "root",
                 R"("response_format":{"json_schema":{"name":"x","schema":{"type":"array"}},)"
                 R"("type":"json_schema"})"},
    refused_case{unsupported, "tools[1].type", "function and custom",
                 R"("tools":[{"type":"custom","name":"a"},{"type":"web_search"}])"},
    refused_case{unsupported, "n", "limits.choices_max", R"("n":5)"},
    refused_case{unsupported, "n", "all of its messages",
                 R"("n":2,"model":"sonnet","conversation_id":"c")"},
    refused_case{unsupported, "audio", "", R"("audio":{"voice":"alloy","format":"mp3"})"},
    refused_case{unsupported, "modalities", "", R"("modalities":["text","audio"])"},
    refused_case{unsupported, "web_search_options", "", R"("web_search_options":{})"}));

// -- messages -------------------------------------------------------------------------------------

class refused_messages : public testing::TestWithParam<refused_case> {};

TEST_P(refused_messages, are_named_by_their_path) {
  expect_refused(GetParam(), R"({"model":"opus","messages":[{"role":"user","content":"hi"},)"
                               + std::string{GetParam().json} + "]}");
}

INSTANTIATE_TEST_SUITE_P(
  invalid, refused_messages,
  testing::Values(
    refused_case{invalid, "messages[1]", "expected an object, but got a string", R"("hi")"},
    refused_case{invalid, "messages[1].role", "Missing", R"({"content":"x"})"},
    refused_case{invalid, "messages[1].role", "Missing", R"({"role":null,"content":"x"})"},
    refused_case{invalid, "messages[1].role", "expected a string", R"({"role":1})"},
    refused_case{invalid, "messages[1].role", "must be one of", R"({"role":"User"})"},
    refused_case{invalid, "messages[1].content", "expected a string or an array",
                 R"({"role":"user","content":5})"},
    refused_case{invalid, "messages[1].content[0]", "expected an object, but got a string",
                 R"({"role":"user","content":["hi"]})"},
    refused_case{invalid, "messages[1].content[0].type", "Missing",
                 R"({"role":"user","content":[{"text":"x"}]})"},
    refused_case{invalid, "messages[2].content[1].text", "Missing",
                 R"({"role":"user","content":"x"},
                    {"role":"user","content":[{"type":"text","text":"a"},{"type":"text"}]})"},
    refused_case{invalid, "messages[1].content[0].text", "expected a string",
                 R"({"role":"system","content":[{"type":"text","text":3}]})"},
    refused_case{invalid, "messages[1].tool_calls", "expected an array",
                 R"({"role":"assistant","content":"x","tool_calls":{}})"},
    refused_case{invalid, "messages[1].content", "white space", R"({"role":"user","content":""})"},
    refused_case{invalid, "messages[1].content", "white space", R"({"role":"user"})"},
    refused_case{invalid, "messages[2].content", "white space",
                 R"({"role":"assistant","content":"x"},{"role":"user","content":"\u2003\n"},
                    {"role":"system","content":"s"},{"role":"assistant","content":" "})"},
    refused_case{invalid, "messages[1].content", "white space",
                 R"({"role":"user","content":[{"type":"text","text":" "}]})"}));

INSTANTIATE_TEST_SUITE_P(
  unsupported, refused_messages,
  testing::Values(
    refused_case{unsupported, "messages[1].tool_calls[0].type", "function and custom",
                 R"({"role":"assistant","tool_calls":[{"type":"computer"}]})"},
    refused_case{unsupported, "messages[1].audio", "Only text",
                 R"({"role":"assistant","audio":{"id":"a"}})"},
    refused_case{invalid, "messages[2].content[1].image_url.url", "must be a data: URL",
                 R"({"role":"assistant","content":"x"},{"role":"user","content":
                    [{"type":"text","text":"a"},
                     {"type":"image_url","image_url":{"url":"data:x"}}]})"},
    refused_case{unsupported, "messages[1].images", "image_url",
                 R"({"role":"user","content":"x","images":["aGk="]})"},
    refused_case{unsupported, "messages[1].content[0].type", "Only text can",
                 R"({"role":"assistant","content":[{"type":"image_url"}]})"},
    refused_case{unsupported, "messages[1].content[0].type", "Only text",
                 R"({"role":"user","content":[{"type":"input_audio"}]})"},
    refused_case{unsupported, "messages[1].content[0].file.file_id", "file_data",
                 R"({"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]})"},
    refused_case{unsupported, "messages[1].content[0].file_url", "file_data",
                 R"({"role":"user","content":[{"type":"input_file","file_url":"f"}]})"},
    refused_case{unsupported, "messages[1].content[0].type", "Only text",
                 R"({"role":"user","content":[{"type":"refusal","refusal":"x"}]})"}));

// -- whole bodies ---------------------------------------------------------------------------------

class refused_body : public testing::TestWithParam<refused_case> {};

TEST_P(refused_body, says_why) {
  expect_refused(GetParam(), std::string{GetParam().json});
}

INSTANTIATE_TEST_SUITE_P(
  table, refused_body,
  testing::Values(
    refused_case{invalid, "", "the text is empty", ""},
    refused_case{invalid, "", "must be a JSON object, but it is an array", "[]"},
    refused_case{invalid, "", "must be a JSON object, but it is null", "null"},
    refused_case{invalid, "", "'messages' twice",
                 R"({"messages":[],"messages":[{"role":"user","content":"hi"}]})"},
    refused_case{invalid, "", "deeper than 64",
                 R"({"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[)"},
    refused_case{invalid, "messages", "Missing required parameter", "{}"},
    refused_case{invalid, "messages", "Missing required parameter", R"({"messages":null})"},
    refused_case{invalid, "messages", "expected an array", R"({"messages":"hi"})"},
    refused_case{invalid, "messages", "Messages cannot be empty", R"({"messages":[]})"},
    refused_case{invalid, "messages", "must be a user message",
                 R"({"messages":[{"role":"system","content":" "}]})"},
    refused_case{invalid, "messages", "must be a user message",
                 R"({"messages":[{"role":"assistant","content":"x"}]})"},
    refused_case{invalid, "messages", "must be a user message",
                 R"({"messages":[{"role":"assistant","content":null}]})"}));

TEST(chat_refusal, the_number_of_messages_is_limited) {
  const std::string one = R"({"role":"user","content":"x"})";
  const auto failure = refuse(R"({"messages":[)" + one + "," + one + "," + one + "]}", {}, 2);
  EXPECT_EQ(failure.param, "messages");
  EXPECT_THAT(failure.message, HasSubstr("at most 2"));
}

TEST(chat_refusal, the_number_of_values_is_limited) {
  const json::limits few{.values = 4};
  const auto failure = refuse(R"({"messages":[{"role":"user","content":"x"}]})", few);
  EXPECT_EQ(failure.code, invalid);
  EXPECT_THAT(failure.message, HasSubstr("more than 4 values"));
}

TEST(chat_refusal, the_number_of_members_is_limited) {
  std::string body = R"({"messages":[{"role":"user","content":"x"}])";
  for (int i = 0; i < 256; ++i)
    body += ",\"k" + std::to_string(i) + "\":0";
  const auto failure = refuse(body + "}");
  EXPECT_EQ(failure.code, invalid);
  EXPECT_THAT(failure.message, HasSubstr("more than 256 members"));
}

TEST(chat_refusal, a_model_name_of_unbounded_length_is_not_echoed) {
  const auto failure = refuse(R"({"messages":[{"role":"user","content":"x"}],"model":"gpt-)"
                              + std::string(200, '4') + "\"}");
  EXPECT_EQ(failure.code, error_code::model_not_found);
  EXPECT_LT(failure.message.size(), 200u);
}

/// What becomes of a body: the refusal's place and text, or what is ignored.
std::string fate(std::string body) {
  json::reader reader{{}};
  const auto parsed = parse_chat(reader, body, {.models = models});
  if (!parsed)
    return parsed.error().param + ": " + parsed.error().message;
  std::string ignored;
  for (const auto& name : parsed->ignored_params)
    ignored += name + ' ';
  return ignored;
}

TEST(chat_refusal, is_the_same_in_usual_and_unusual_company) {
  // A body of usual members only is not searched for others.
  for (const std::string_view name : {"model", "stream", "stream_options", "temperature",
                                      "max_tokens", "conversation_id", "user"})
    for (const std::string_view value : {"true", "false", "0", "-5", "0.5", "1e300", R"("x")",
                                         R"("")", "[]", "[1]", "{}", R"({"a":1})", "null"}) {
      const auto body = R"({"messages":[{"role":"user","content":"hi"}],")" + std::string{name}
                        + "\":" + std::string{value};
      EXPECT_EQ(fate(body + "}"), fate(body + R"(,"not_known_to_anybody":1})")) << body;
    }
}

} // namespace
} // namespace ccapi::openai
