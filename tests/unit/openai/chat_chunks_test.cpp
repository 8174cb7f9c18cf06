#include "openai/chat_encoder.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ccapi::openai {
namespace {

const answer_identity identity{"chatcmpl-1", 1700000000, "claude-x", "conv-1"};
const domain::usage used{.input_tokens = 3,
                         .cache_write_tokens = 20,
                         .cache_read_tokens = 100,
                         .output_tokens = 7,
                         .reasoning_tokens = 2};

#define HEAD                                                                                       \
  R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,)"             \
  R"("model":"claude-x",)"

constexpr std::string_view usage_object =
  R"({"prompt_tokens":123,"completion_tokens":7,"total_tokens":130,)"
  R"("prompt_tokens_details":{"cached_tokens":100,"cache_write_tokens":20,"audio_tokens":0},)"
  R"("completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":0,)"
  R"("accepted_prediction_tokens":0,"rejected_prediction_tokens":0}})";

std::string whole_stream(bool include_usage) {
  std::string out;
  chat_chunks chunks{identity, include_usage};
  chunks.role(out);
  chat_chunks::ping(out);
  chunks.reasoning("hm\n", out);
  chunks.text("Gr\u00fc\u00dfe \"\U0001f600\"", out);
  chunks.text("", out);
  chunks.finish({.reason = domain::finish_reason::length, .usage = used}, out);
  return out;
}

TEST(chat_chunks, the_usage_tells_the_cost_where_that_is_wanted) {
  auto telling = identity;
  telling.tells_cost = true;
  std::string out;
  chat_chunks chunks{telling, true};
  domain::usage paid = used;
  paid.cost_micro_usd = 1309;
  chunks.finish({.reason = domain::finish_reason::stop, .usage = paid}, out);
  EXPECT_NE(out.find(R"("rejected_prediction_tokens":0},"cost":0.001309})"), std::string::npos);
  EXPECT_EQ(whole_stream(true).find("cost"), std::string::npos);
}

TEST(chat_chunks, whole_stream_without_usage) {
  EXPECT_EQ(whole_stream(false),
            HEAD R"("conversation_id":"conv-1","choices":[{"index":0,"delta":{"role":"assistant",)"
                 R"("content":"","refusal":null},"logprobs":null,"finish_reason":null}]})"
                 "\n\n"
                 ": ping\n\n" HEAD
                 R"("choices":[{"index":0,"delta":{"reasoning_content":"hm\n","reasoning":"hm\n"},)"
                 R"("logprobs":null,"finish_reason":null}]})"
                 "\n\n" HEAD R"("choices":[{"index":0,"delta":{"content":")"
                 "Gr\u00fc\u00dfe \\\"\U0001f600\\\""
                 R"("},"logprobs":null,"finish_reason":null}]})"
                 "\n\n" HEAD
                 R"("choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}]})"
                 "\n\n"
                 "data: [DONE]\n\n");
}

TEST(chat_chunks, whole_stream_with_usage) {
  EXPECT_EQ(whole_stream(true),
            HEAD
              R"("conversation_id":"conv-1","choices":[{"index":0,"delta":{"role":"assistant",)"
              R"("content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null})"
              "\n\n"
              ": ping\n\n" HEAD
              R"("choices":[{"index":0,"delta":{"reasoning_content":"hm\n","reasoning":"hm\n"},)"
              R"("logprobs":null,"finish_reason":null}],"usage":null})"
              "\n\n" HEAD R"("choices":[{"index":0,"delta":{"content":")"
              "Gr\u00fc\u00dfe \\\"\U0001f600\\\""
              R"("},"logprobs":null,"finish_reason":null}],"usage":null})"
              "\n\n" HEAD
              R"("choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}],)"
              R"("usage":null})"
              "\n\n" HEAD R"("choices":[],"usage":)"
              + std::string{usage_object}
              + "}\n\n"
                "data: [DONE]\n\n");
}

/// The JSON values of the data events of a stream, and null for [DONE].
std::vector<boost::json::value> events(std::string_view stream) {
  std::vector<boost::json::value> values;
  while (!stream.empty()) {
    const auto end = stream.find("\n\n");
    EXPECT_NE(end, std::string_view::npos) << "an event is not closed";
    auto event = stream.substr(0, end);
    stream.remove_prefix(end == std::string_view::npos ? stream.size() : end + 2);
    EXPECT_TRUE(event.starts_with("data: "));
    event.remove_prefix(6);
    values.push_back(event == "[DONE]" ? boost::json::value{}
                                       : boost::json::parse({event.data(), event.size()}));
  }
  return values;
}

TEST(chat_chunks, the_role_comes_by_itself_and_once) {
  std::string out;
  chat_chunks chunks{identity, false};
  chunks.text("x", out);
  chunks.role(out);
  chunks.finish({.reason = domain::finish_reason::stop, .usage = used}, out);
  const auto got = events(out);
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(got[0].at("choices").at(0).at("delta").at("role"), "assistant");
  EXPECT_EQ(got[1].at("choices").at(0).at("delta"), (boost::json::object{{"content", "x"}}));
  EXPECT_EQ(got[2].at("choices").at(0).at("finish_reason"), "stop");
}

TEST(chat_chunks, an_answer_without_text_still_opens_with_the_role) {
  std::string out;
  chat_chunks chunks{identity, false};
  chunks.finish({.reason = domain::finish_reason::content_filter, .usage = used}, out);
  const auto got = events(out);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].at("choices").at(0).at("delta").at("role"), "assistant");
  EXPECT_EQ(got[1].at("choices").at(0).at("finish_reason"), "content_filter");
}

TEST(chat_encoder_test, every_chunk_repeats_what_the_answer_began_with) {
  std::string out;
  chat_encoder encoder{true};
  encoder.open({.model = "claude-y", .conversation_id = "conv-1"}, out);
  encoder.event(domain::text_delta{"x"}, out);
  encoder.event(domain::turn_finished{.usage = used, .model = "claude-z"}, out);
  auto got = events(out);
  got.pop_back();
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(got.front().at("conversation_id"), "conv-1");
  for (const auto& event : got) {
    EXPECT_EQ(event.at("model"), "claude-y");
    EXPECT_EQ(event.at("id"), got.front().at("id"));
  }
}

TEST(chat_chunks, a_failure_is_an_error_frame_and_nobody_is_told_that_it_is_done) {
  std::string out;
  chat_chunks::fail(
    {.code = domain::error_code::upstream_crash, .message = "It \"died\".", .detail = "secret"},
    out);
  EXPECT_EQ(out, "data: {\"error\":{\"message\":\"It \\\"died\\\".\",\"type\":"
                 "\"claude_process_error\",\"param\":null,\"code\":\"upstream_crash\"}}\n\n");
}

TEST(chat_chunks, text_can_not_break_out_of_its_event) {
  std::string out;
  chat_chunks chunks{{"i", 0, "m\n\ndata: x", "c"}, false};
  chunks.text("\n\ndata: [DONE]\n\n\r\n", out);
  const auto got = events(out);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[1].at("choices").at(0).at("delta").at("content"), "\n\ndata: [DONE]\n\n\r\n");
}

} // namespace
} // namespace ccapi::openai
