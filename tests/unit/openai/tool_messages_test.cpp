// Calls of tools and their results in the messages of a request.

#include "json/reader.hpp"
#include "openai/chat_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::openai {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const domain::model_catalog models{"sonnet", {}, {"sonnet"}};

#define GIF "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="

constexpr std::string_view question = R"({"role":"user","content":"Q"},)";
constexpr std::string_view two_calls =
  R"({"role":"assistant","content":null,"tool_calls":[
      {"id":"c1","type":"function","function":{"name":"get","arguments":"{\"q\":1}"}},
      {"id":"c2","type":"function","function":{"name":"add","arguments":"{}"}}]},)";

domain::result<parsed_chat> parse(std::string_view messages, std::string_view more = "") {
  json::reader reader{{}};
  auto body = R"({"messages":[)" + std::string{messages} + "]" + std::string{more} + "}";
  return parse_chat(reader, body, {.models = models});
}

parsed_chat accept(std::string_view messages, std::string_view more = "") {
  auto parsed = parse(messages, more);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().param << ": " << parsed.error().message;
    return {};
  }
  return *std::move(parsed);
}

/// A dialogue in short: u{text|c1=result|c2!error} a{text|name(arguments)#id}.
std::string in_short(const std::vector<domain::message>& messages) {
  struct writer {
    std::string& out;
    void operator()(const domain::text_block& text) const { out += text.text; }
    void operator()(const domain::image_block& image) const { out += image.media_type; }
    void operator()(const domain::document_block& document) const { out += document.title; }
    void operator()(const domain::tool_use_block& call) const {
      out.append(call.name).append("(").append(call.arguments).append(")#").append(call.id);
    }
    void operator()(const domain::tool_result_block& result) const {
      out.append(result.call_id).append(result.is_error ? "!" : "=");
      std::string_view before;
      for (const auto& part : result.parts) {
        out += before;
        std::visit(*this, part);
        before = "+";
      }
    }
  };
  std::string all;
  for (const auto& message : messages) {
    all.append(all.empty() ? "" : " ").append(message.role == domain::role::user ? "u{" : "a{");
    std::string_view before;
    for (const auto& block : message.content) {
      all += before;
      std::visit(writer{all}, block);
      before = "|";
    }
    all += '}';
  }
  return all;
}

struct dialogue_case {
  std::string_view name;
  std::string messages;
  std::string_view dialogue;
};

void PrintTo(const dialogue_case& row, std::ostream* out) {
  *out << row.name;
}

class tool_messages : public testing::TestWithParam<dialogue_case> {};

TEST_P(tool_messages, become_a_dialogue) {
  const auto chat = accept(GetParam().messages);
  EXPECT_EQ(in_short(chat.request.messages), GetParam().dialogue);
  EXPECT_THAT(chat.adjusted, IsEmpty());
}

std::string asked(std::string_view rest) {
  return std::string{question} + std::string{rest};
}

std::string called(std::string_view rest) {
  return asked(std::string{two_calls} + std::string{rest});
}

INSTANTIATE_TEST_SUITE_P(
  results, tool_messages,
  testing::Values(
    dialogue_case{"in any order", called(R"({"role":"tool","tool_call_id":"c2","content":"two"},
                            {"role":"tool","tool_call_id":"c1","content":"one"})"),
                  R"(u{Q} a{get({"q":1})#c1|add({})#c2} u{c1=one|c2=two})"},
    dialogue_case{"without ids",
                  called(R"({"role":"tool","content":"one"},{"role":"tool","content":"two"})"),
                  R"(u{Q} a{get({"q":1})#c1|add({})#c2} u{c1=one|c2=two})"},
    dialogue_case{"some without ids", called(R"({"role":"tool","tool_call_id":"c1","content":"one"},
                            {"role":"tool","tool_call_id":"","content":"two"})"),
                  R"(u{Q} a{get({"q":1})#c1|add({})#c2} u{c1=one|c2=two})"},
    dialogue_case{"of functions, by name",
                  called(R"({"role":"function","name":"add","content":"two"},
                            {"role":"function","name":"get","content":"one"})"),
                  R"(u{Q} a{get({"q":1})#c1|add({})#c2} u{c1=one|c2=two})"},
    dialogue_case{"with text behind them",
                  called(R"({"role":"tool","content":"one"},{"role":"system","content":"s"},
                            {"role":"tool","content":"two"},{"role":"user","content":"A"},
                            {"role":"user","content":"B"})"),
                  R"(u{Q} a{get({"q":1})#c1|add({})#c2} u{c1=one|c2=two|A} u{B})"},
    dialogue_case{"of every kind of content", called(R"({"role":"tool","content":{"a": [1, null]}},
                            {"role":"tool","content":[{"type":"text","text":"x"},
                              {"type":"text","text":" "},{"type":"input_text","text":"y"}]})"),
                  R"(u{Q} a{get({"q":1})#c1|add({})#c2} u{c1={"a":[1,null]}|c2=x+y})"},
    dialogue_case{"that are empty",
                  called(R"({"role":"tool","content":null},{"role":"tool","content":""})"),
                  R"(u{Q} a{get({"q":1})#c1|add({})#c2} u{c1=|c2=})"},
    dialogue_case{"that are numbers and words",
                  called(R"({"role":"tool","content":42},{"role":"tool","content":true})"),
                  R"(u{Q} a{get({"q":1})#c1|add({})#c2} u{c1=42|c2=true})"},
    dialogue_case{"that never came", called(R"({"role":"user","content":"Instead"})"),
                  R"(u{Q} a{get({"q":1})#c1|add({})#c2} )"
                  R"(u{c1!not answered|c2!not answered|Instead})"},
    dialogue_case{
      "with a picture",
      called(R"({"role":"tool","content":[{"type":"image_url","image_url":{"url": ")" GIF R"("}}]},
                    {"role":"tool","content":[{"type":"input_image","image_url": ")" GIF R"("}]})"),
      R"(u{Q} a{get({"q":1})#c1|add({})#c2} u{c1=image/gif|c2=image/gif})"}));

/// A message of the user's with these parts.
std::string shown(std::string_view parts) {
  return R"({"role":"user","content":[)" + std::string{parts} + "]}";
}

INSTANTIATE_TEST_SUITE_P(
  pictures, tool_messages,
  testing::Values(dialogue_case{"behind a text", shown(R"({"type":"text","text":"Q"},
                           {"type":"image_url","image_url":{"url": ")" GIF R"("}})"),
                                "u{Q|image/gif}"},
                  dialogue_case{"ahead of a text, in three ways",
                                shown(R"({"type":"image_url","image_url":")" GIF R"("},
                           {"type":"input_image","image_url":")" GIF R"(","detail":"auto"},
                           {"type":"image_url","image_url":{"url":")" GIF R"(","detail":"low"}},
                           {"type":"input_text","text":"Q"})"),
                                "u{image/gif|image/gif|image/gif|Q}"},
                  dialogue_case{"and nothing else", shown(R"({"type":"text","text":" "},
                           {"type":"input_image","image_url":")" GIF R"("})"),
                                "u{image/gif}"},
                  dialogue_case{
                    "behind the results of calls",
                    called(R"({"role":"tool","content":"x"},{"role":"tool","content":"y"},)")
                      + shown(R"({"type":"input_image","image_url":")" GIF R"("})"),
                    R"(u{Q} a{get({"q":1})#c1|add({})#c2} u{c1=x|c2=y|image/gif})"}));

TEST(pictures_of_results, without_a_call_are_the_users) {
  const auto chat = accept(asked(R"({"role":"tool","content":[{"type":"text","text":"a"},
                                    {"type":"input_image","image_url": ")" GIF R"("}]})"));
  EXPECT_EQ(in_short(chat.request.messages), "u{Q} u{a|image/gif}");
  EXPECT_THAT(chat.adjusted, ElementsAre("messages(tool_as_text)"));
}

TEST(pictures_of_messages, are_counted) {
  std::string parts = R"({"type":"input_image","image_url":")" GIF R"("})";
  const auto one = parts;
  for (int more = 1; more < 100; ++more)
    parts += "," + one;
  EXPECT_EQ(accept(shown(parts)).request.messages.front().content.size(), 100U);
  const auto refused = parse(shown(parts) + "," + shown(one));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().param, "messages");
  EXPECT_THAT(refused.error().message, HasSubstr("limits.images_max"));
}

TEST(pictures_of_messages, that_become_smaller_are_counted_as_well) {
  const auto picture = [](std::string_view base64) {
    return R"({"type":"input_image","image_url":"data:image/png;base64,)" + std::string{base64}
           + "\"}";
  };
  // 3 x 3 and 2001 x 1 pixels
  const auto both =
    accept(shown(picture("iVBORw0KGgoAAAANSUhEUgAAAAMAAAADCAAAAABzQ+pjAAAAC0lEQVR42mNgQAAAAAwAAe"
                         "/oMyUAAAAASUVORK5CYIIA")
                 + ","
                 + picture("iVBORw0KGgoAAAANSUhEUgAAB9EAAAABCAAAAABMVAGfAAAAF0lEQVR42mNgGAWjYBSMgl"
                           "EwCkbB0AcAB9IAAahUjrQAAAAASUVORK5CYIIA")));
  EXPECT_EQ(both.rescaled_images, 1U);
}

INSTANTIATE_TEST_SUITE_P(
  calls, tool_messages,
  testing::Values(
    dialogue_case{"with text ahead",
                  asked(R"({"role":"assistant","content":"Let me see.","tool_calls":[
                    {"id":"c1","function":{"name":"f","arguments":""}}]},
                    {"role":"tool","content":"x"})"),
                  "u{Q} a{Let me see.|f({})#c1} u{c1=x}"},
    dialogue_case{"with blank text, and no arguments",
                  asked(R"({"role":"assistant","content":" ","tool_calls":[
                    {"id":"c1","function":{"name":"f"}}]},{"role":"tool","content":"x"})"),
                  "u{Q} a{f({})#c1} u{c1=x}"},
    dialogue_case{"in the old form", asked(R"({"role":"assistant","content":null,
                    "function_call":{"name":"f","arguments":"{\"a\": 1.10}"}},
                    {"role":"function","name":"f","content":"x"},
                    {"role":"assistant","function_call":{"name":"g","arguments":"{}"}},
                    {"role":"function","name":"g","content":"y"})"),
                  R"(u{Q} a{f({"a": 1.10})#} u{=x} a{g({})#} u{=y})"},
    dialogue_case{"of a custom tool", asked(R"({"role":"assistant","tool_calls":[
                    {"id":"c1","type":"custom","custom":{"name":"run","input":"a \"b\"\n"}}]},
                    {"role":"tool","content":"x"})"),
                  R"(u{Q} a{run({"input":"a \"b\"\n"})#c1} u{c1=x})"},
    dialogue_case{"in messages in a row",
                  asked(R"({"role":"assistant","content":"A"},{"role":"assistant","tool_calls":[
                    {"id":"c1","function":{"name":"f","arguments":"{}"}}]},
                    {"role":"assistant","content":"B","tool_calls":[
                    {"id":"c2","function":{"name":"g","arguments":"{}"}}]},
                    {"role":"assistant","content":"C"},
                    {"role":"tool","tool_call_id":"c2","content":"y"},
                    {"role":"tool","tool_call_id":"c1","content":"x"})"),
                  "u{Q} a{ABC|f({})#c1|g({})#c2} u{c1=x|c2=y}"},
    dialogue_case{"without any", asked(R"({"role":"assistant","content":"A","tool_calls":[]},
                    {"role":"assistant","content":"B","tool_calls":null,"function_call":null},
                    {"role":"user","content":"R"})"),
                  "u{Q} a{A} a{B} u{R}"},
    dialogue_case{"with the same id again", asked(R"({"role":"assistant","tool_calls":[
                    {"id":"c","function":{"name":"f"}},{"id":"c","function":{"name":"g"}}]},
                    {"role":"tool","tool_call_id":"c","content":"x"},
                    {"role":"tool","tool_call_id":"c","content":"y"},
                    {"role":"assistant","tool_calls":[{"id":"c","function":{"name":"h"}}]},
                    {"role":"tool","tool_call_id":"c","content":"z"})"),
                  "u{Q} a{f({})#c|g({})#c} u{c=x|c=y} a{h({})#c} u{c=z}"}));

TEST(tool_calls, keep_their_arguments_and_say_what_counts_of_them) {
  const auto chat = accept(asked(R"({"role":"assistant","tool_calls":[
    {"id":"a","function":{"name":"f","arguments":" {\"b\": 1.10, \"a\":\"\\u00e9\"}"}},
    {"id":"b","function":{"name":"f","arguments":"{\"a\":\"\\ud83d\"}"}},
    {"id":"c","function":{"name":"f","arguments":"{\"a\":1e400}"}}]},
    {"role":"user","content":"x"})"));
  const auto calls = domain::calls_of(chat.request.messages.at(1));
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_EQ(calls[0]->arguments, R"( {"b": 1.10, "a":"\u00e9"})");
  EXPECT_EQ(calls[0]->canonical, R"({"a":"é","b":1.10})");
  EXPECT_EQ(calls[1]->arguments, "{\"a\":\"\xef\xbf\xbd\"}") << "no API takes half a character";
  EXPECT_EQ(calls[1]->canonical, "");
  EXPECT_EQ(calls[2]->arguments, R"({"a":1e400})");
  EXPECT_EQ(calls[2]->canonical, "");
}

TEST(results_behind_no_call, are_text) {
  const auto chat = accept(asked(R"({"role":"tool","tool_call_id":"c9","content":"x"},
    {"role":"assistant","content":"A"},{"role":"function","name":"f","content":{"a":1}})"));
  EXPECT_EQ(in_short(chat.request.messages), R"(u{Q} u{x} a{A} u{{"a":1}})");
  EXPECT_THAT(chat.adjusted, ElementsAre("messages(tool_as_text)"));
  EXPECT_EQ(
    in_short(accept(R"({"role":"tool","tool_call_id":"c9","content":"x"})").request.messages),
    "u{x}");
}

TEST(results_of_a_conversation, may_come_without_their_calls) {
  const auto chat = accept(R"({"role":"system","content":"s"},
    {"role":"tool","tool_call_id":"toolu_2","content":"y"},
    {"role":"tool","tool_call_id":"toolu_1","content":"x"},{"role":"user","content":"A"},
    {"role":"user","content":"B"})",
                           R"(,"conversation_id":"c")");
  EXPECT_EQ(in_short(chat.request.messages), "u{toolu_2=y|toolu_1=x|A} u{B}");
  EXPECT_THAT(chat.adjusted, IsEmpty());
}

TEST(results_of_a_conversation, may_come_without_ids) {
  const auto chat = accept(R"({"role":"tool","content":"x"},
    {"role":"tool","tool_call_id":"toolu_1","content":"y"},
    {"role":"function","name":"f","content":"z"})",
                           R"(,"conversation_id":"c")");
  EXPECT_EQ(in_short(chat.request.messages), "u{=x|toolu_1=y|=z}");
}

TEST(results_of_a_conversation, are_refused_where_two_name_one_call) {
  const auto parsed = parse(R"({"role":"tool","tool_call_id":"toolu_1","content":"x"},
    {"role":"tool","tool_call_id":"toolu_1","content":"y"})",
                            R"(,"conversation_id":"c")");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().param, "messages[1].tool_call_id");
}

TEST(results_of_a_conversation, come_first_or_are_text) {
  const auto chat = accept(asked(R"({"role":"tool","tool_call_id":"toolu_1","content":"x"})"),
                           R"(,"conversation_id":"c")");
  EXPECT_EQ(in_short(chat.request.messages), "u{Q} u{x}");
}

TEST(arguments, that_are_no_object_are_told_as_text) {
  const auto with = [](std::string_view arguments) {
    return asked(
      R"({"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":)"
      + std::string{arguments} + R"(}}]},{"role":"tool","content":"x"})");
  };
  const auto told = [&](std::string_view arguments) {
    const auto chat = accept(with(arguments));
    EXPECT_THAT(chat.adjusted, ElementsAre("messages(arguments)")) << arguments;
    return in_short(chat.request.messages);
  };
  EXPECT_EQ(told(R"("{\"a\": \"tr")"),
            R"(u{Q} a{f({"unreadable_arguments":"{\"a\": \"tr"})#c} u{c=x})");
  EXPECT_EQ(told(R"("[1]")"), R"(u{Q} a{f({"unreadable_arguments":"[1]"})#c} u{c=x})");
  for (const std::string_view nothing : {R"("")", R"(" ")", R"("null")", R"("{}")"}) {
    const auto chat = accept(with(nothing));
    EXPECT_EQ(in_short(chat.request.messages), "u{Q} a{f({})#c} u{c=x}");
    EXPECT_THAT(chat.adjusted, IsEmpty());
  }
}

// -- refusals -------------------------------------------------------------------------------------

struct refused_history {
  std::string_view param;
  std::string_view fragment;
  std::string messages;
};

void PrintTo(const refused_history& row, std::ostream* out) {
  *out << row.messages;
}

class refused_tool_messages : public testing::TestWithParam<refused_history> {};

TEST_P(refused_tool_messages, name_the_place) {
  const auto parsed = parse(GetParam().messages);
  ASSERT_FALSE(parsed) << in_short(parsed->request.messages);
  EXPECT_EQ(parsed.error().param, GetParam().param) << parsed.error().message;
  EXPECT_THAT(parsed.error().message, HasSubstr(std::string{GetParam().fragment}));
}

std::string with_call(std::string_view call) {
  return asked(R"({"role":"assistant","tool_calls":[)" + std::string{call} + "]}");
}

INSTANTIATE_TEST_SUITE_P(
  table, refused_tool_messages,
  testing::Values(
    refused_history{"messages[1].tool_calls", "no results follow",
                    with_call(R"({"id":"c","function":{"name":"f"}})")},
    refused_history{"messages[1].tool_calls", "none for 'c2'",
                    called(R"({"role":"tool","tool_call_id":"c1","content":"x"})")},
    refused_history{"messages[1].tool_calls", "none for 'c1'",
                    called(R"({"role":"tool","tool_call_id":"c2","content":"x"},
                              {"role":"user","content":"A"})")},
    refused_history{"messages[1].tool_calls", "none for 'c1'",
                    called(R"({"role":"tool","tool_call_id":"c2","content":"x"},
                              {"role":"assistant","content":"A"})")},
    refused_history{"messages[2].tool_call_id", "no call 'c3' waits",
                    called(R"({"role":"tool","tool_call_id":"c3","content":"x"})")},
    refused_history{"messages[3].tool_call_id", "no call 'c1' waits",
                    called(R"({"role":"tool","tool_call_id":"c1","content":"x"},
                              {"role":"tool","tool_call_id":"c1","content":"y"})")},
    refused_history{"messages[2].name", "no call waits",
                    called(R"({"role":"function","name":"sub","content":"x"})")},
    refused_history{"messages[4].tool_call_id", "no call waits",
                    called(R"({"role":"tool","content":"x"},{"role":"tool","content":"y"},
                              {"role":"tool","content":"z"})")},
    refused_history{"messages[2].tool_call_id", "expected a string",
                    called(R"({"role":"tool","tool_call_id":1,"content":"x"})")},
    refused_history{"messages[2].content[0]", "expected an object",
                    called(R"({"role":"tool","content":[1]})")},
    refused_history{"messages[2].content[0].type", "Only text and pictures",
                    called(R"({"role":"tool","content":[{"type":"file"}]})")},
    refused_history{"messages[2].content[0].image_url.url", "must be a data: URL",
                    called(R"({"role":"tool","content":[{"type":"image_url",
                              "image_url":{"url":"data:text/plain,a"}}]})")},
    refused_history{"messages[1].tool_calls[0]", "expected an object", with_call("1")},
    refused_history{"messages[1].tool_calls[0].function", "Missing", with_call(R"({"id":"c"})")},
    refused_history{"messages[1].tool_calls[0].function.name", "Missing",
                    with_call(R"({"id":"c","function":{"arguments":"{}"}})")},
    refused_history{"messages[1].tool_calls[0].function.name", "1 to 256 bytes",
                    with_call(R"({"id":"c","function":{"name":""}})")},
    refused_history{"messages[1].tool_calls[0].function.arguments", "expected a string",
                    with_call(R"({"id":"c","function":{"name":"f","arguments":{}}})")}));

} // namespace
} // namespace ccapi::openai
