#include "openai/choices_encoder.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ccapi::openai {
namespace {

domain::turn_finished end_with(domain::finish_reason reason, std::int64_t prompt,
                               std::int64_t output) {
  return {.reason = reason,
          .usage = {.input_tokens = prompt, .output_tokens = output, .reasoning_tokens = 1},
          .model = "m"};
}

std::vector<boost::json::value> chunks_of(std::string_view stream) {
  std::vector<boost::json::value> chunks;
  for (std::size_t from = 0; from < stream.size();) {
    const auto to = stream.find("\n\n", from);
    const auto data = stream.substr(from, to - from).substr(6);
    if (data != "[DONE]")
      chunks.push_back(boost::json::parse(data));
    from = to + 2;
  }
  return chunks;
}

std::string content_of(const std::vector<boost::json::value>& chunks, std::int64_t choice) {
  std::string text;
  for (const auto& chunk : chunks)
    for (const auto& each : chunk.at("choices").as_array())
      if (each.at("index") == choice)
        if (const auto* content = each.at("delta").as_object().if_contains("content"))
          text += content->as_string();
  return text;
}

TEST(choices_encoder, a_stream_tells_each_choice_under_its_index_and_ends_once) {
  choices_encoder encoder{2, true, {}};
  std::string out;
  encoder.open({.model = "m", .conversation_id = "c"}, out);
  encoder.event(domain::text_delta{"a"}, out);
  encoder.select(1);
  encoder.event(domain::text_delta{"x"}, out);
  encoder.event(end_with(domain::finish_reason::length, 100, 5), out);
  EXPECT_EQ(out.find("[DONE]"), std::string::npos);
  encoder.select(0);
  encoder.event(domain::text_delta{"b"}, out);
  encoder.event(end_with(domain::finish_reason::stop, 90, 7), out);
  EXPECT_TRUE(out.ends_with("data: [DONE]\n\n"));

  const auto chunks = chunks_of(out);
  EXPECT_EQ(content_of(chunks, 0), "ab");
  EXPECT_EQ(content_of(chunks, 1), "x");
  for (const auto& chunk : chunks)
    EXPECT_EQ(chunk.at("id"), chunks.front().at("id"));
  EXPECT_EQ(chunks[0].at_pointer("/choices/0/index"), 0);
  EXPECT_EQ(chunks[1].at_pointer("/choices/0/index"), 1);
  EXPECT_EQ(chunks[1].at_pointer("/choices/0/delta/role"), "assistant");
  EXPECT_EQ(chunks[4].at_pointer("/choices/0/finish_reason"), "length");
  EXPECT_EQ(chunks[4].at_pointer("/choices/0/index"), 1);
  EXPECT_EQ(chunks[6].at_pointer("/choices/0/finish_reason"), "stop");
  const auto& usage = chunks.back().at("usage");
  EXPECT_EQ(usage.at("prompt_tokens"), 90) << "once, of the first";
  EXPECT_EQ(usage.at("completion_tokens"), 12);
  EXPECT_EQ(usage.at("total_tokens"), 102);
}

TEST(choices_encoder, a_whole_answer_has_all_choices_in_order) {
  choices_encoder encoder{3, false, {}};
  encoder.select(2);
  encoder.keep({.text = "third"}, end_with(domain::finish_reason::length, 1, 1));
  encoder.select(0);
  encoder.keep({.text = "first"}, end_with(domain::finish_reason::stop, 50, 2));
  encoder.select(1);
  const auto body = boost::json::parse(encoder.whole(
    {.model = "m", .conversation_id = "c"}, {.calls = {{"call", "look", R"({"a":1})", {}}}},
    end_with(domain::finish_reason::tool_calls, 1, 4)));
  const auto& choices = body.at("choices").as_array();
  ASSERT_EQ(choices.size(), 3u);
  for (std::int64_t index = 0; index < 3; ++index)
    EXPECT_EQ(choices[static_cast<std::size_t>(index)].at("index"), index);
  EXPECT_EQ(choices[0].at_pointer("/message/content"), "first");
  EXPECT_TRUE(choices[1].at_pointer("/message/content").is_null());
  EXPECT_EQ(choices[1].at_pointer("/message/tool_calls/0/id"), "call");
  EXPECT_EQ(choices[1].at("finish_reason"), "tool_calls");
  EXPECT_EQ(choices[2].at_pointer("/message/content"), "third");
  EXPECT_EQ(choices[2].at("finish_reason"), "length");
  EXPECT_EQ(body.at_pointer("/usage/prompt_tokens"), 50);
  EXPECT_EQ(body.at_pointer("/usage/completion_tokens"), 7);
}

} // namespace
} // namespace ccapi::openai
