// Calls of tools in streamed answers.

#include "openai/call_style.hpp"
#include "openai/chat_encoder.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::openai {
namespace {

using domain::tool_call_started;
using domain::tool_input_delta;

/// The choices of the chunks behind the role's, without those of the usage.
boost::json::array choices(const std::vector<domain::event>& course, call_style style = {}) {
  std::string stream;
  chat_encoder encoder{false, std::move(style)};
  encoder.open({.model = "claude-x", .conversation_id = "c"}, stream);
  stream.clear();
  for (const auto& event : course)
    encoder.event(event, stream);
  boost::json::array all;
  for (std::string_view rest{stream}; !rest.empty();) {
    const auto end = rest.find("\n\n");
    EXPECT_NE(end, std::string_view::npos) << rest;
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    if (line == "data: [DONE]")
      continue;
    const auto chunk = boost::json::parse({line.data() + 6, line.size() - 6});
    all.push_back(chunk.at("choices").at(0));
  }
  return all;
}

boost::json::array deltas(const std::vector<domain::event>& course, call_style style = {}) {
  boost::json::array all;
  for (const auto& choice : choices(course, std::move(style)))
    all.push_back(choice.at("delta"));
  return all;
}

const domain::turn_finished end{domain::finish_reason::tool_calls, {}, {}};

boost::json::value parsed(std::string_view text) {
  return boost::json::parse({text.data(), text.size()});
}

TEST(streamed_calls, come_with_their_name_once_and_their_arguments_in_pieces) {
  const std::vector<domain::event> course{
    domain::text_delta{"Let me see."}, tool_call_started{0, "toolu_1", "get \"it\""},
    tool_input_delta{0, ""},           tool_input_delta{0, R"({"q": )"},
    tool_input_delta{0, R"("A"})"},    tool_call_started{1, "toolu_2", "add"},
    tool_input_delta{1, "{}"},         end};
  EXPECT_EQ(deltas(course), parsed(R"([
    {"content":"Let me see."},
    {"tool_calls":[{"index":0,"id":"toolu_1","type":"function",
                    "function":{"name":"get \"it\"","arguments":""}}]},
    {"tool_calls":[{"index":0,"function":{"arguments":"{\"q\": "}}]},
    {"tool_calls":[{"index":0,"function":{"arguments":"\"A\"}"}}]},
    {"tool_calls":[{"index":1,"id":"toolu_2","type":"function",
                    "function":{"name":"add","arguments":""}}]},
    {"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]},
    {}])"));
  const auto all = choices(course);
  EXPECT_EQ(all.back().at("finish_reason"), "tool_calls");
  EXPECT_TRUE(std::all_of(all.begin(), all.end() - 1, [](const boost::json::value& choice) {
    return choice.at("finish_reason").is_null();
  }));
}

TEST(streamed_calls, without_arguments_have_an_empty_object) {
  EXPECT_EQ(deltas({tool_call_started{0, "a", "f"}, tool_call_started{1, "b", "g"},
                    tool_input_delta{1, ""}, end}),
            parsed(R"([
    {"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]},
    {"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},
    {"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]},
    {"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]},
    {}])"));
}

TEST(streamed_calls, come_to_old_clients_one_at_most_in_the_old_form) {
  const std::vector<domain::event> course{
    tool_call_started{0, "a", "f"}, tool_input_delta{0, R"({"q":1})"},
    tool_call_started{1, "b", "g"}, tool_input_delta{1, R"({"q":2})"}, end};
  EXPECT_EQ(deltas(course, {.legacy = true}), parsed(R"([
    {"function_call":{"name":"f","arguments":""}},
    {"function_call":{"arguments":"{\"q\":1}"}},
    {}])"));
  EXPECT_EQ(choices(course, {.legacy = true}).back().at("finish_reason"), "function_call");
}

TEST(streamed_calls, of_custom_tools_are_text) {
  EXPECT_EQ(deltas({tool_call_started{0, "a", "run"}, tool_input_delta{0, R"({"inp)"},
                    tool_input_delta{0, R"(ut": "l)"}, tool_input_delta{0, R"(s \)"},
                    tool_input_delta{0, R"("x\")"}, tool_input_delta{0, R"("})"}, end},
                   {.custom = {"run"}}),
            parsed(R"([
    {"tool_calls":[{"index":0,"id":"a","type":"custom","custom":{"name":"run","input":""}}]},
    {"tool_calls":[{"index":0,"custom":{"input":"l"}}]},
    {"tool_calls":[{"index":0,"custom":{"input":"s "}}]},
    {"tool_calls":[{"index":0,"custom":{"input":"\"x\""}}]},
    {}])"));
}

class custom_texts : public testing::TestWithParam<std::string_view> {};

TEST_P(custom_texts, are_the_same_however_the_arguments_are_cut) {
  const auto value = parsed(GetParam());
  const std::string expected{value.as_object().empty()
                               ? ""
                               : std::string_view{value.as_object().begin()->value().as_string()}};
  for (std::size_t piece = 1; piece <= GetParam().size(); ++piece) {
    std::string text;
    custom_input reader;
    for (std::size_t at = 0; at < GetParam().size(); at += piece)
      reader.take(GetParam().substr(at, piece), text);
    EXPECT_EQ(text, expected) << piece;
  }
}

INSTANTIATE_TEST_SUITE_P(table, custom_texts,
                         testing::Values("{}", R"({"input":""})", R"( { "input" : "a b" } )",
                                         R"({"input":"\"\\\/\b\f\n\r\t"})",
                                         R"({"input":"\u0041\u00e9\ud83d\ude00x"})",
                                         R"({"in\"put":"}\"{"})"));

TEST(custom_input_test, mends_surrogates_that_are_alone) {
  std::string text;
  custom_input{}.take(R"({"input":"\ud83dx\ude00\ud83d\ud83d\ude00\ud83d"})", text);
  EXPECT_EQ(text, "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd");
}

TEST(custom_input_test, takes_the_first_text_among_other_values) {
  std::string text;
  custom_input{}.take(R"({"a":1,"b":"yes","c":"no"})", text);
  EXPECT_EQ(text, "yes");
}

} // namespace
} // namespace ccapi::openai
