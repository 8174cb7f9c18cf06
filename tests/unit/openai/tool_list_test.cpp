// The tools of a request in all their shapes, and the choice among them.

#include "json/reader.hpp"
#include "openai/chat_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

namespace ccapi::openai {
namespace {

using domain::tool_demand;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const domain::model_catalog models{"sonnet", {}, {"sonnet"}};

domain::result<parsed_chat> parse(std::string_view members,
                                  const dialect::parse_context& context = {.models = models}) {
  json::reader reader{{}};
  auto body = R"({"messages":[{"role":"user","content":"hi"}],)" + std::string{members} + "}";
  return parse_chat(reader, body, context);
}

parsed_chat accept(std::string_view members) {
  auto parsed = parse(members);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().param << ": " << parsed.error().message;
    return {};
  }
  return *std::move(parsed);
}

std::string names(const domain::tool_list& tools) {
  std::string all;
  for (const auto& tool : tools)
    all += tool.name + ' ';
  return all;
}

constexpr std::string_view no_arguments = R"({"type":"object","properties":{}})";
constexpr std::string_view one_text = R"({"type":"object","properties":{"q":{"type":"string"}}})";

// -- shapes ---------------------------------------------------------------------------------------

class shape_of_a_tool : public testing::TestWithParam<std::string_view> {};

TEST_P(shape_of_a_tool, makes_the_same_tool) {
  const auto chat = accept(GetParam());
  ASSERT_EQ(chat.request.tools.size(), 1u);
  const auto& tool = *chat.request.tools.begin();
  EXPECT_EQ(tool.name, "get.it");
  EXPECT_EQ(tool.api_name, domain::api_tool_name("get.it"));
  EXPECT_EQ(tool.description, "Gets \"it\".");
  EXPECT_EQ(tool.input_schema, one_text);
  EXPECT_FALSE(tool.strict);
  EXPECT_THAT(chat.adjusted, IsEmpty());
  EXPECT_THAT(chat.ignored_params, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
  table, shape_of_a_tool,
  testing::Values(
    R"("tools":[{"type":"function","function":{"name":"get.it","description":"Gets \"it\".",
       "parameters":{"type": "object", "properties": {"q": {"type": "string"}}}}}])",
    R"("tools":[{"function":{"name":"get.it","description":"Gets \"it\".","strict":false,
       "parameters":{"type":"object","properties":{"q":{"type":"string"}}}}}])",
    R"("tools":[{"type":"function","name":"get.it","description":"Gets \"it\".","strict":null,
       "parameters":{"type":"object","properties":{"q":{"type":"string"}}}}])",
    R"("tools":[{"name":"get.it","description":"Gets \"it\".","cache_control":{},
       "input_schema":{"type":"object","properties":{"q":{"type":"string"}}}}])",
    R"("tools":[{"type":"custom","name":"get.it","description":"Gets \"it\".",
       "input_schema":{"type":"object","properties":{"q":{"type":"string"}}}}])",
    R"("functions":[{"name":"get.it","description":"Gets \"it\".",
       "parameters":{"type":"object","properties":{"q":{"type":"string"}}}}])"));

class no_parameters : public testing::TestWithParam<std::string_view> {};

TEST_P(no_parameters, are_an_empty_object) {
  const auto chat = accept(R"("tools":[{"type":"function","function":{"name":"f")"
                           + std::string{GetParam()} + "}}]");
  ASSERT_EQ(chat.request.tools.size(), 1u);
  EXPECT_EQ(chat.request.tools.begin()->input_schema, no_arguments);
}

INSTANTIATE_TEST_SUITE_P(table, no_parameters,
                         testing::Values("", R"(,"parameters":null)", R"(,"parameters":{})",
                                         R"(,"description":null,"parameters":{})"));

TEST(tools, keep_their_order_and_the_order_of_keys) {
  const auto chat = accept(R"("tools":[{"name":"z"},{"name":"a","parameters":
    {"type":"object","required":["b","a"],"x-hint":[1,2.5,"\u00e9"],
     "properties":{"b":{},"a":{"const":null}}}},{"name":"m"}])");
  EXPECT_EQ(names(chat.request.tools), "z a m ");
  EXPECT_EQ((chat.request.tools.begin() + 1)->input_schema,
            R"({"type":"object","required":["b","a"],"x-hint":[1,2.5,"é"],)"
            R"("properties":{"b":{},"a":{"const":null}}})");
}

TEST(tools, none_are_an_ordinary_chat) {
  for (const std::string_view members :
       {R"("tools":[])", R"("tools":null,"tool_choice":"auto")", R"("functions":[])",
        R"("tool_choice":"none")", R"("tools":[{"name":"f"}],"tool_choice":"none")",
        R"("functions":[{"name":"f"}],"function_call":"none")", R"("parallel_tool_calls":true)",
        R"("tools":[{"name":"f"}],"tool_choice":{"type":"none"})"}) {
    const auto chat = accept(members);
    EXPECT_TRUE(chat.request.tools.empty()) << members;
    EXPECT_EQ(chat.request.tool_choice.demand, tool_demand::automatic) << members;
    EXPECT_THAT(chat.ignored_params, IsEmpty()) << members;
  }
}

TEST(tools, custom_ones_take_one_text) {
  const auto chat = accept(R"("tools":[{"type":"custom","custom":{"name":"run","description":"d"}},
    {"type":"custom","name":"sql",
     "format":{"type":"grammar","syntax":"lark","definition":"start: \"x\""}},
    {"type":"custom","custom":{"name":"re","format":{"type":"grammar",
      "grammar":{"syntax":"regex","definition":"a+"}}}}])");
  EXPECT_THAT(chat.calls.custom, ElementsAre("run", "sql", "re"));
  ASSERT_EQ(chat.request.tools.size(), 3u);
  const auto* const tool = chat.request.tools.begin();
  EXPECT_EQ(tool->description, "d");
  EXPECT_EQ(tool->input_schema, R"({"type":"object","properties":{"input":{"type":"string"}},)"
                                R"("required":["input"],"additionalProperties":false})");
  EXPECT_THAT(tool[1].input_schema, HasSubstr(R"(grammar:\nstart: \"x\"")"));
  EXPECT_THAT(tool[2].input_schema, HasSubstr(R"(grammar:\na+")"));
  EXPECT_THAT(chat.adjusted, ElementsAre("tools(grammar)"));
}

TEST(tools, of_old_clients_are_called_one_at_a_time) {
  const auto chat = accept(R"("functions":[{"name":"f"},{"name":"g"}])");
  EXPECT_TRUE(chat.calls.legacy);
  EXPECT_FALSE(chat.request.tool_choice.parallel);
  EXPECT_EQ(names(chat.request.tools), "f g ");
}

TEST(tools, strict_ones_stay_so_where_the_api_takes_them) {
  const auto chat = accept(R"("tools":[
    {"name":"a","strict":true,"parameters":{"type":"object","properties":{"q":{"type":"string"}},
      "required":["q"],"additionalProperties":false}},
    {"name":"b","strict":true,"parameters":{"type":"object","properties":{}}},
    {"name":"c","strict":true}])");
  ASSERT_EQ(chat.request.tools.size(), 3u);
  const auto* const tool = chat.request.tools.begin();
  EXPECT_TRUE(tool[0].strict);
  EXPECT_FALSE(tool[1].strict);
  EXPECT_FALSE(tool[2].strict);
  EXPECT_THAT(chat.adjusted, ElementsAre("tools(strict)"));
}

// -- choice ---------------------------------------------------------------------------------------

struct choice_case {
  std::string_view members;
  tool_demand demand;
  std::string_view named;
  std::string_view tools = "f g.h ";
};

void PrintTo(const choice_case& row, std::ostream* out) {
  *out << row.members;
}

class choice : public testing::TestWithParam<choice_case> {};

TEST_P(choice, is_understood) {
  const auto chat =
    accept(R"("tools":[{"name":"f"},{"name":"g.h"}],)" + std::string{GetParam().members});
  const auto& chosen = chat.request.tool_choice;
  EXPECT_EQ(chosen.demand, GetParam().demand);
  EXPECT_EQ(chosen.api_name,
            GetParam().named.empty() ? std::string{} : domain::api_tool_name(GetParam().named));
  EXPECT_EQ(names(chat.request.tools), GetParam().tools);
  EXPECT_TRUE(chosen.parallel);
}

INSTANTIATE_TEST_SUITE_P(
  table, choice,
  testing::Values(
    choice_case{R"("tool_choice":null)", tool_demand::automatic, ""},
    choice_case{R"("tool_choice":"auto")", tool_demand::automatic, ""},
    choice_case{R"("tool_choice":{"type":"auto"})", tool_demand::automatic, ""},
    choice_case{R"("tool_choice":"required")", tool_demand::any, ""},
    choice_case{R"("tool_choice":{"type":"any"})", tool_demand::any, ""},
    choice_case{R"("tool_choice":{"type":"function","function":{"name":"g.h"}})",
                tool_demand::named, "g.h"},
    choice_case{R"("tool_choice":{"type":"function","name":"f"})", tool_demand::named, "f"},
    choice_case{R"("tool_choice":{"type":"tool","name":"f"})", tool_demand::named, "f"},
    choice_case{R"("tool_choice":{"type":"custom","custom":{"name":"f"}})", tool_demand::named,
                "f"},
    choice_case{R"("function_call":{"name":"f"})", tool_demand::named, "f"},
    choice_case{R"("tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required",
                   "tools":[{"type":"function","function":{"name":"g.h"}}]}})",
                tool_demand::any, "", "g.h "},
    choice_case{R"("tool_choice":{"type":"allowed_tools","mode":"auto",
                   "tools":[{"type":"function","name":"g.h"},{"type":"function","name":"f"}]})",
                tool_demand::automatic, ""}));

TEST(tools, may_be_asked_for_one_by_one) {
  EXPECT_FALSE(
    accept(R"("tools":[{"name":"f"}],"parallel_tool_calls":false)").request.tool_choice.parallel);
}

// -- refusals -------------------------------------------------------------------------------------

struct refused_tool {
  std::string_view param;
  std::string_view fragment;
  std::string_view members;
};

void PrintTo(const refused_tool& row, std::ostream* out) {
  *out << row.members;
}

class refusal_of_tools : public testing::TestWithParam<refused_tool> {};

TEST_P(refusal_of_tools, names_the_place) {
  const auto parsed = parse(GetParam().members);
  ASSERT_FALSE(parsed) << "accepted";
  EXPECT_EQ(parsed.error().code, domain::error_code::invalid_request);
  EXPECT_EQ(parsed.error().param, GetParam().param) << parsed.error().message;
  EXPECT_THAT(parsed.error().message, HasSubstr(std::string{GetParam().fragment}));
}

INSTANTIATE_TEST_SUITE_P(
  tools, refusal_of_tools,
  testing::Values(
    refused_tool{"tools[0]", "expected an object", R"("tools":["f"])"},
    refused_tool{"tools[0].name", "Missing", R"("tools":[{"type":"function"}])"},
    refused_tool{"tools[0].function.name", "Missing",
                 R"("tools":[{"type":"function","function":{}}])"},
    refused_tool{"tools[0].name", "1 to 256 bytes", R"("tools":[{"name":""}])"},
    refused_tool{"tools[1].function.name", "more than one tool 'f'",
                 R"("tools":[{"name":"f"},{"type":"function","function":{"name":"f"}}])"},
    refused_tool{"tools[0].description", "expected a string",
                 R"("tools":[{"name":"f","description":1}])"},
    refused_tool{"tools[0].function.strict", "expected a boolean",
                 R"("tools":[{"type":"function","function":{"name":"f","strict":1}}])"},
    refused_tool{"tools[0].function.parameters", "must be an object",
                 R"("tools":[{"type":"function","function":{"name":"f","parameters":[]}}])"},
    refused_tool{"tools[0].function.parameters.type", "tool 'f'",
                 R"("tools":[{"type":"function","function":{"name":"f","parameters":{"a":1}}}])"},
    refused_tool{"tools[1].input_schema.properties.x.type", "must be one of",
                 R"("tools":[{"name":"e"},{"name":"f","input_schema":{"type":"object",
                    "properties":{"x":{"type":"any"}}}}])"},
    refused_tool{"functions[0].name", "Missing", R"("functions":[{}])"},
    refused_tool{"functions", "beside 'tools'",
                 R"("tools":[{"name":"f"}],"functions":[{"name":"g"}])"}));

INSTANTIATE_TEST_SUITE_P(
  choice, refusal_of_tools,
  testing::Values(
    refused_tool{"tool_choice", "must be auto, none", R"("tool_choice":"always")"},
    refused_tool{"tool_choice", "no tools to choose from", R"("tool_choice":"required")"},
    refused_tool{"tool_choice.function.name", "no tools to choose from",
                 R"("tools":[],"tool_choice":{"type":"function","function":{"name":"f"}})"},
    refused_tool{"tool_choice.function.name", "no tool 'g'",
                 R"("tools":[{"name":"f"}],"tool_choice":{"type":"function","function":{"name":"g"}}
                 )"},
    refused_tool{"tool_choice.name", "no tool 'F'",
                 R"("tools":[{"name":"f"}],"tool_choice":{"type":"function","name":"F"})"},
    refused_tool{"tool_choice.name", "Missing",
                 R"("tools":[{"name":"f"}],"tool_choice":{"type":"function"})"},
    refused_tool{"tool_choice.type", "must be function",
                 R"("tools":[{"name":"f"}],"tool_choice":{"type":"web_search"})"},
    refused_tool{"tool_choice.type", "Missing", R"("tool_choice":{"name":"f"})"},
    refused_tool{"tool_choice.allowed_tools.tools", "must name a tool",
                 R"("tools":[{"name":"f"}],"tool_choice":{"type":"allowed_tools",
                    "allowed_tools":{"mode":"auto","tools":[]}})"},
    refused_tool{"tool_choice.tools[1].name", "no tool 'g'",
                 R"("tools":[{"name":"f"}],"tool_choice":{"type":"allowed_tools","tools":
                    [{"type":"function","name":"f"},{"type":"function","name":"g"}]})"},
    refused_tool{"tool_choice.mode", "auto or required",
                 R"("tools":[{"name":"f"}],"tool_choice":{"type":"allowed_tools","mode":"any",
                    "tools":[{"name":"f"}]})"},
    refused_tool{"function_call.name", "no tool 'g'",
                 R"("functions":[{"name":"f"}],"function_call":{"name":"g"})"},
    refused_tool{"parallel_tool_calls", "expected a boolean", R"("parallel_tool_calls":"no")"}));

TEST(tools, have_names_of_at_most_256_bytes) {
  const auto with_name = [](std::size_t size) {
    return parse(R"("tools":[{"name":")" + std::string(size, 'n') + "\"}]");
  };
  ASSERT_TRUE(with_name(256));
  EXPECT_EQ(with_name(257).error().param, "tools[0].name");
}

TEST(tools, are_limited_in_number_and_size) {
  const std::string three = R"("tools":[{"name":"a"},{"name":"b"},{"name":"c"}])";
  EXPECT_TRUE(parse(three, {.models = models, .tools_max = 3}));
  const auto many = parse(three, {.models = models, .tools_max = 2});
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().param, "tools[2]");
  EXPECT_THAT(many.error().message, HasSubstr("limits.tools_max"));
  const auto large = parse(three, {.models = models, .tools_bytes_max = 250});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().param, "tools[2].name");
  EXPECT_THAT(large.error().message, HasSubstr("tool 'c'"));
  EXPECT_THAT(large.error().message, HasSubstr("limits.tools_bytes_max"));
}

} // namespace
} // namespace ccapi::openai
