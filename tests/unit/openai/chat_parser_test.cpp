// Bodies that are accepted, and what becomes of them.

#include "json/reader.hpp"
#include "openai/chat_parser.hpp"
#include "openai/message_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ccapi::openai {
namespace {

using namespace std::string_view_literals;
using domain::message;
using domain::role;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

const domain::model_catalog models{"sonnet", {{"gpt-*", "default"}}, {"sonnet", "opus"}};

parsed_chat accept(std::string body) {
  json::reader reader{{}};
  auto parsed = parse_chat(reader, body, {.models = models});
  if (!parsed) {
    ADD_FAILURE() << parsed.error().param << ": " << parsed.error().message;
    return {};
  }
  return *std::move(parsed);
}

/// A request with one user message and these further members.
parsed_chat accept_with(std::string_view members) {
  return accept(R"({"messages":[{"role":"user","content":"hi"}],)" + std::string{members} + "}");
}

/// A request with just these messages.
domain::chat_request accept_messages(std::string_view messages) {
  return accept(R"({"messages":[)" + std::string{messages} + "]}").request;
}

message in_blocks(std::initializer_list<const char*> texts) {
  message made;
  for (const auto* text : texts)
    made.content.emplace_back(domain::text_block{text});
  return made;
}

TEST(chat_request, the_smallest_body_takes_the_defaults) {
  const auto chat = accept(R"({"messages":[{"role":"user","content":"hi"}]})");
  EXPECT_THAT(chat.request.messages, ElementsAre(message{role::user, "hi"}));
  EXPECT_EQ(chat.request.system_prompt, std::nullopt);
  EXPECT_EQ(chat.request.model, "sonnet");
  EXPECT_EQ(chat.requested_model, "");
  EXPECT_EQ(chat.request.conversation_id, std::nullopt);
  EXPECT_EQ(chat.request.sampling, domain::sampling{});
  EXPECT_FALSE(chat.stream);
  EXPECT_FALSE(chat.include_usage);
  EXPECT_THAT(chat.ignored_params, IsEmpty());
}

TEST(chat_request, members_may_come_in_any_order) {
  const auto chat = accept(R"({"stream_options":{"include_usage":true},"temperature":0.5,
    "conversation_id":"my-session-123","messages":[{"content":"hi","role":"user"}],
    "stream":true,"model":"gpt-4o"})");
  EXPECT_THAT(chat.request.messages, ElementsAre(message{role::user, "hi"}));
  EXPECT_EQ(chat.request.model, "sonnet");
  EXPECT_EQ(chat.requested_model, "gpt-4o");
  EXPECT_THAT(chat.request.conversation_id, Optional(std::string{"my-session-123"}));
  EXPECT_THAT(chat.request.sampling.temperature, Optional(0.5));
  EXPECT_TRUE(chat.stream);
  EXPECT_TRUE(chat.include_usage);
}

TEST(chat_request, null_means_absent_for_every_optional_member) {
  const auto chat = accept_with(R"("model":null,"temperature":null,"top_p":null,"stop":null,
    "max_tokens":null,"max_completion_tokens":null,"stream":null,"stream_options":null,"n":null,
    "conversation_id":null,"tools":null,"tool_choice":null,"functions":null,"function_call":null,
    "response_format":null,"logprobs":null,"top_logprobs":null,"audio":null,"modalities":null,
    "web_search_options":null,"prediction":null,"presence_penalty":null,"frequency_penalty":null,
    "seed":null,"logit_bias":null,"reasoning_effort":null,"verbosity":null,"service_tier":null,
    "store":null,"parallel_tool_calls":null,"metadata":null,"user":null)");
  EXPECT_EQ(chat.request.sampling, domain::sampling{});
  EXPECT_THAT(chat.ignored_params, IsEmpty());
}

TEST(chat_request, what_asks_for_nothing_is_accepted_without_a_word) {
  const auto chat = accept_with(R"("n":1,"tools":[],"functions":[],"tool_choice":"auto",
    "function_call":"none","response_format":{"type":"text"},"logprobs":false,"top_logprobs":0,
    "modalities":["text"],"presence_penalty":0,"frequency_penalty":0.0,"logit_bias":{},
    "verbosity":"medium","service_tier":"auto","store":false,"parallel_tool_calls":true,
    "metadata":{"a":"b"},"user":"u","safety_identifier":"s","prompt_cache_key":"k",
    "never_heard_of":[{}])");
  EXPECT_THAT(chat.ignored_params, IsEmpty());
}

TEST(chat_request, a_format_is_checked_and_told_to_the_api) {
  EXPECT_FALSE(accept_with(R"("response_format":{"type":"text"})").request.format);
  const auto object = accept_with(R"("response_format":{"type":"json_object"},"stream":true)");
  ASSERT_TRUE(object.request.format);
  EXPECT_TRUE(object.request.format->for_api().empty());
  EXPECT_FALSE(object.request.in_one_piece);
  const auto schema = accept_with(R"("response_format":{"type":"json_schema","json_schema":{
    "name":"n","strict":null,"schema":{"type":"object","properties":{"a":{"const":1}}}}})");
  ASSERT_TRUE(schema.request.format);
  EXPECT_TRUE(schema.request.in_one_piece);
  EXPECT_EQ(schema.request.format->for_api().text(),
            R"({"type":"object","properties":{"a":{"enum":[1]}},"required":[],)"
            R"("additionalProperties":false})");
  EXPECT_FALSE(schema.request.format->flaw_of(R"({"a":1})"));
  EXPECT_TRUE(schema.request.format->flaw_of(R"({"a":2})"));
}

TEST(chat_request, parameters_without_effect_are_named) {
  const auto chat = accept_with(R"("presence_penalty":-0.5,"frequency_penalty":1,"seed":-7,
    "logit_bias":{"50256":-100},"logprobs":true,"top_logprobs":5,"verbosity":"high",
    "service_tier":"flex","store":true,"prediction":{"type":"content","content":"x"},
    "top_k":5,"min_p":0.1,"repetition_penalty":null,"thinking":{"type":"enabled"},
    "reasoning":"high")");
  EXPECT_THAT(chat.ignored_params,
              ElementsAre("reasoning", "presence_penalty", "frequency_penalty", "seed",
                          "logit_bias", "logprobs", "top_logprobs", "verbosity", "service_tier",
                          "store", "prediction", "top_k", "min_p", "thinking"));
}

TEST(chat_request, what_has_no_effect_still_tells_requests_apart) {
  EXPECT_EQ(accept_with(R"("seed":-7)").request.seed, -7);
  EXPECT_FALSE(accept_with(R"("seed":null)").request.seed);
  EXPECT_EQ(accept_with(R"("top_k":5,"logit_bias":{ "1": 2 })").request.unheeded,
            R"(logit_bias:{"1":2},top_k:5,)");
  EXPECT_EQ(accept_with(R"("seed":1,"store":true,"service_tier":"flex","metadata":{"a":"b"},
                           "prediction":{"type":"content","content":"x"})")
              .request.unheeded,
            "")
    << "these ask for no other answer";
}

TEST(chat_request, sampling_parameters_are_taken_over) {
  const auto sampling = accept_with(R"("temperature":0,"top_p":1,"stop":["a","b","c","\u0000"],
    "max_tokens":17)")
                          .request.sampling;
  EXPECT_THAT(sampling.temperature, Optional(0.0));
  EXPECT_THAT(sampling.top_p, Optional(1.0));
  EXPECT_THAT(sampling.stop, ElementsAre("a", "b", "c", std::string{"\0"sv}));
  EXPECT_THAT(sampling.max_tokens, Optional(17));
}

TEST(chat_request, a_wish_to_reason_is_taken_over) {
  EXPECT_EQ(accept_with(R"("store":false)").request.reasoning, std::nullopt);
  EXPECT_THAT(accept_with(R"("reasoning_effort":"minimal")").request.reasoning,
              Optional(domain::reasoning_effort::minimal));
  EXPECT_THAT(accept_with(R"("reasoning_effort":"none")").request.reasoning,
              Optional(domain::reasoning_effort::none));
}

TEST(chat_request, an_object_may_tell_how_hard_to_reason) {
  const auto low = accept_with(R"("reasoning":{"effort":"low"})");
  EXPECT_THAT(low.request.reasoning, Optional(domain::reasoning_effort::low));
  EXPECT_THAT(low.ignored_params, IsEmpty());
  const auto more = accept_with(R"("reasoning":{"effort":"high","max_tokens":2000})");
  EXPECT_THAT(more.request.reasoning, Optional(domain::reasoning_effort::high));
  EXPECT_THAT(more.ignored_params, ElementsAre("reasoning(effort)"));
}

TEST(chat_request, an_object_that_tells_no_effort_or_another_one_is_named) {
  const auto without = accept_with(R"("reasoning":{"effort":null,"max_tokens":2000})");
  EXPECT_EQ(without.request.reasoning, std::nullopt);
  EXPECT_THAT(without.ignored_params, ElementsAre("reasoning"));
  const auto twice = accept_with(R"("reasoning":{"effort":"low"},"reasoning_effort":"max")");
  EXPECT_THAT(twice.request.reasoning, Optional(domain::reasoning_effort::max));
  EXPECT_THAT(twice.ignored_params, ElementsAre("reasoning"));
}

TEST(chat_request, several_choices_are_counted) {
  EXPECT_EQ(accept_with(R"("store":false)").choices_wanted, 1u);
  EXPECT_EQ(accept_with(R"("n":4)").choices_wanted, 4u);
}

TEST(chat_request, several_choices_for_a_conversation_need_its_model_and_messages) {
  const std::string known = R"({"conversation_id":"c","n":2,"messages":[
    {"role":"user","content":"a"},{"role":"assistant","content":"b"},
    {"role":"user","content":"c"}])";
  EXPECT_EQ(accept(known + R"(,"model":"sonnet"})").choices_wanted, 2u);
  json::reader reader{{}};
  std::string without_model = known + "}";
  const auto refused = parse_chat(reader, without_model, {.models = models});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().param, "n");
}

TEST(chat_request, stop_may_be_one_string) {
  EXPECT_THAT(accept_with(R"("stop":"END")").request.sampling.stop, ElementsAre("END"));
}

TEST(chat_request, max_completion_tokens_wins_over_max_tokens) {
  EXPECT_THAT(
    accept_with(R"("max_tokens":5,"max_completion_tokens":9)").request.sampling.max_tokens,
    Optional(9));
}

TEST(chat_request, an_integer_may_be_written_as_a_float) {
  EXPECT_THAT(accept_with(R"("max_tokens":256.0)").request.sampling.max_tokens, Optional(256));
  EXPECT_THAT(accept_with(R"("max_tokens":1e3)").request.sampling.max_tokens, Optional(1000));
}

TEST(chat_request, the_parts_of_a_user_message_are_blocks) {
  const auto request = accept_messages(R"({"role":"user","content":[{"type":"text","text":"a "},
    {"type":"input_text","text":"b"},{"text":"c","type":"output_text"}]},
    {"role":"assistant","content":"x"},{"role":"user","content":[{"type":"text","text":"d"}]})");
  EXPECT_THAT(request.messages,
              ElementsAre(in_blocks({"a ", "b", "c"}), message{role::assistant, "x"},
                          message{role::user, "d"}));
}

TEST(chat_request, the_parts_of_an_answer_are_one_text_and_those_of_a_prompt_paragraphs) {
  const auto request = accept_messages(R"({"role":"system","content":[{"type":"text","text":"one"},
    {"type":"text","text":"two"}]},{"role":"user","content":"u"},
    {"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":" "},
      {"type":"output_text","text":"b"}]},{"role":"user","content":"v"})");
  EXPECT_THAT(request.system_prompt, Optional(std::string{"one\n\ntwo"}));
  EXPECT_THAT(request.messages,
              ElementsAre(message{role::user, "u"}, message{role::assistant, "a b"},
                          message{role::user, "v"}));
}

TEST(chat_request, blank_parts_and_messages_are_left_out) {
  const auto request = accept_messages(R"({"role":"system","content":" \n"},
    {"role":"system","content":[{"type":"text","text":"\t"},{"type":"text","text":" s "},
      {"type":"text","text":"\u00a0"}]},
    {"role":"user","content":" "},{"role":"user"},{"role":"user","content":[]},
    {"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"a"},
      {"type":"text","text":" \u3000"},{"type":"text","text":"b"},{"type":"text","text":"\n"}]},
    {"role":"assistant","content":" \n "},
    {"role":"user","content":[{"type":"text","text":" c"}]})");
  EXPECT_THAT(request.system_prompt, Optional(std::string{" s "}));
  EXPECT_THAT(request.messages, ElementsAre(in_blocks({"a", "b"}), message{role::user, " c"}));
}

TEST(chat_request, a_blank_prompt_is_an_empty_one) {
  EXPECT_THAT(accept_messages(R"({"role":"developer","content":" \u2003\n"},
    {"role":"user","content":"hi"})")
                .system_prompt,
              Optional(std::string{}));
}

// -- dialogues that the Messages API would not take -----------------------------------------------

parsed_chat accept_chat(std::string_view messages) {
  return accept(R"({"messages":[)" + std::string{messages} + "]}");
}

TEST(chat_request, a_prompt_alone_is_the_first_user_message) {
  const auto asked =
    accept_chat(R"({"role":"system","content":"be kind"},{"role":"developer","content":"say hi"})");
  EXPECT_THAT(asked.request.system_prompt, Optional(std::string{"be kind"}));
  EXPECT_THAT(asked.request.messages, ElementsAre(message{role::user, "say hi"}));
  EXPECT_THAT(asked.adjusted, ElementsAre("messages(system_as_user)"));
  EXPECT_EQ(asked.request.opening, domain::opening::asked);
  EXPECT_EQ(accept_chat(R"({"role":"system","content":"say hi"})").request.system_prompt,
            std::nullopt);
}

TEST(chat_request, a_prompt_stays_one_where_the_oldest_messages_were_left_out) {
  const auto chat = accept_chat(R"({"role":"system","content":"be kind"},
    {"role":"assistant","content":"hi"},{"role":"user","content":"more"})");
  EXPECT_THAT(chat.request.system_prompt, Optional(std::string{"be kind"}));
  EXPECT_THAT(chat.request.messages,
              ElementsAre(message{role::assistant, "hi"}, message{role::user, "more"}));
  EXPECT_THAT(chat.adjusted, IsEmpty());
}

TEST(chat_request, a_prompt_that_an_answer_follows_may_have_been_the_question) {
  const auto doubtful = [](std::string_view messages) {
    const auto chat = accept_chat(messages);
    const auto& request = chat.request;
    return request.opening == domain::opening::open ? request.system_prompt.value().substr(
             request.question_at.begin, request.question_at.size)
                                                    : std::string{};
  };
  const std::string rest = R"(,{"role":"assistant","content":"hi"},
    {"role":"system","content":"be brief"},{"role":"user","content":"more"})";
  const std::string first = R"({"role":"system","content":"be kind"})";
  EXPECT_EQ(doubtful(first + rest), "be kind");
  EXPECT_EQ(doubtful(first + R"(,{"role":"developer","content":"say hi"})" + rest), "say hi");
  EXPECT_EQ(doubtful(first + R"(,{"role":"developer","content":" "})" + rest), "be kind");
  EXPECT_EQ(doubtful(first + R"(,{"role":"user","content":"x"})" + rest), "");
  EXPECT_EQ(doubtful(R"({"role":"system","content":" "})" + rest), "");
  EXPECT_EQ(doubtful(rest.substr(1)), "");
}

TEST(chat_request, an_answer_behind_a_prompt_alone_is_gone_on_with) {
  const auto chat = accept_chat(R"({"role":"system","content":"say hi"},
    {"role":"assistant","content":"hi"})");
  EXPECT_THAT(chat.request.messages, ElementsAre(message{role::assistant, "hi"},
                                                 message{role::user, std::string{continue_query}}));
  EXPECT_EQ(chat.request.opening, domain::opening::open);
  EXPECT_THAT(chat.adjusted, ElementsAre("messages(continued)"));
}

TEST(chat_request, an_answer_at_the_end_is_gone_on_with) {
  const auto chat = accept_chat(R"({"role":"system","content":"s"},{"role":"user","content":"1"},
    {"role":"assistant","content":"One, two,"})");
  EXPECT_THAT(chat.request.system_prompt, Optional(std::string{"s"}));
  EXPECT_THAT(chat.request.messages,
              ElementsAre(message{role::user, "1"}, message{role::assistant, "One, two,"},
                          message{role::user, std::string{continue_query}}));
  EXPECT_THAT(chat.adjusted, ElementsAre("messages(continued)"));
}

TEST(chat_request, behind_an_answer_at_the_end_a_form_or_a_call_is_asked_for) {
  const std::string messages =
    R"({"messages":[{"role":"user","content":"1"},{"role":"assistant","content":"One."}],)";
  const auto last = [&](std::string_view more) {
    const auto chat = accept(messages + std::string{more} + "}");
    EXPECT_THAT(chat.adjusted, Contains("messages(continued)"));
    return plain_text(chat.request.messages.back());
  };
  EXPECT_EQ(last(R"("response_format":{"type":"json_object"})"), form_query);
  EXPECT_EQ(last(R"("response_format":{"type":"text"})"), continue_query);
  EXPECT_EQ(last(R"("tools":[{"name":"a"}],"tool_choice":"required")"), call_query);
  EXPECT_EQ(last(R"("tools":[{"name":"a"}])"), continue_query);
}

TEST(chat_request, ordinary_dialogues_are_not_adjusted) {
  EXPECT_THAT(
    accept_chat(R"({"role":"user","content":"1"},{"role":"system","content":"s"})").adjusted,
    IsEmpty());
  const auto greeting = accept_chat(R"({"role":"assistant","content":"Hello!"},
    {"role":"system","content":"s"},{"role":"user","content":"1"})");
  EXPECT_THAT(greeting.adjusted, IsEmpty());
  EXPECT_THAT(greeting.request.messages,
              ElementsAre(message{role::assistant, "Hello!"}, message{role::user, "1"}));
}

TEST(chat_request, system_and_developer_texts_become_one_prompt_in_order) {
  const auto request = accept_messages(R"({"role":"system","content":"one"},
    {"role":"user","content":"hi"},{"role":"developer","content":[{"type":"text","text":"two"}]},
    {"role":"system","content":""})");
  EXPECT_THAT(request.system_prompt, Optional(std::string{"one\n\ntwo"}));
  EXPECT_THAT(request.messages, ElementsAre(message{role::user, "hi"}));
}

TEST(chat_request, an_empty_system_message_is_not_the_same_as_none) {
  const auto request =
    accept_messages(R"({"role":"system","content":null},{"role":"user","content":"hi"})");
  EXPECT_THAT(request.system_prompt, Optional(std::string{}));
}

TEST(chat_request, history_keeps_its_order_and_loses_empty_assistant_turns) {
  const auto request = accept_messages(R"({"role":"user","content":"1"},
    {"role":"assistant","content":"2","refusal":null,"tool_calls":[],"audio":null,"name":"x"},
    {"role":"user","content":"3"},{"role":"assistant","content":null,"tool_calls":null},
    {"role":"user","content":"4"},{"role":"assistant","content":""})");
  EXPECT_THAT(request.messages, ElementsAre(message{role::user, "1"}, message{role::assistant, "2"},
                                            message{role::user, "3"}, message{role::user, "4"}));
}

TEST(chat_request, a_refusal_is_what_the_assistant_said) {
  const auto request = accept_messages(R"({"role":"user","content":"1"},
    {"role":"assistant","content":[{"type":"refusal","refusal":"No."}]},
    {"role":"user","content":"2"},{"role":"assistant","content":null,"refusal":"Never."},
    {"role":"user","content":"3"})");
  EXPECT_THAT(request.messages,
              ElementsAre(message{role::user, "1"}, message{role::assistant, "No."},
                          message{role::user, "2"}, message{role::assistant, "Never."},
                          message{role::user, "3"}));
}

TEST(chat_request, any_character_survives) {
  const auto request =
    accept_messages(R"({"role":"user","content":"\u0000\u00fc\ud83d\ude00\u2028\"\\ \ud83d"})");
  EXPECT_THAT(
    request.messages,
    ElementsAre(message{role::user, std::string{"\0\u00fc\U0001f600\u2028\"\\ \ufffd"sv}}));
}

TEST(chat_request, a_byte_order_mark_is_skipped) {
  EXPECT_THAT(
    accept("\xef\xbb\xbf{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}").request.messages,
    ElementsAre(message{role::user, "hi"}));
}

TEST(chat_request, a_body_of_megabytes_comes_through_whole) {
  std::string text;
  std::string expected;
  while (text.size() < (2u << 20)) {
    text += R"(line \"quoted\" \u00e9\n)";
    expected += "line \"quoted\" \u00e9\n";
  }
  const auto request = accept_messages(R"({"role":"user","content":")" + text + "\"}");
  ASSERT_EQ(request.messages.size(), 1u);
  EXPECT_TRUE(request.messages.front() == (message{role::user, expected}));
}

TEST(chat_request, one_reader_serves_many_bodies_and_results_outlive_them) {
  json::reader reader{{}};
  std::string first = R"({"messages":[{"role":"user","content":"first"}],"model":"opus"})";
  const auto kept = parse_chat(reader, first, {.models = models});
  std::string broken = "{";
  EXPECT_FALSE(parse_chat(reader, broken, {.models = models}));
  std::string second = R"({"messages":[{"role":"user","content":"second"}]})";
  EXPECT_TRUE(parse_chat(reader, second, {.models = models}));
  first.assign(first.size(), '#');
  ASSERT_TRUE(kept);
  EXPECT_THAT(kept->request.messages, ElementsAre(message{role::user, "first"}));
  EXPECT_EQ(kept->request.model, "opus");
}

} // namespace
} // namespace ccapi::openai
