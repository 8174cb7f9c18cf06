// The JSON bodies that are not streamed: completions, errors, models.

#include "openai/chat_completion.hpp"
#include "openai/errors.hpp"
#include "openai/models.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::openai {
namespace {

boost::json::value parsed(std::string_view text) {
  return boost::json::parse({text.data(), text.size()});
}

const answer_identity identity{"chatcmpl-1", 1700000000, "claude-x", "conv-1"};
const domain::usage used{.input_tokens = 3, .cache_read_tokens = 100, .output_tokens = 7};

domain::turn_finished end_with(domain::finish_reason reason) {
  return {.reason = reason, .usage = used, .model = "claude-x"};
}

TEST(chat_completion, has_every_key_in_order) {
  EXPECT_EQ(
    completion_body(identity, {.text = "Hi \"you\"\n"}, end_with(domain::finish_reason::stop)),
    R"({"id":"chatcmpl-1","object":"chat.completion","created":1700000000,)"
    R"("model":"claude-x","choices":[{"index":0,"message":{"role":"assistant",)"
    R"("content":"Hi \"you\"\n","refusal":null,"annotations":[]},"logprobs":null,)"
    R"("finish_reason":"stop"}],"usage":{"prompt_tokens":103,"completion_tokens":7,)"
    R"("total_tokens":110,"prompt_tokens_details":{"cached_tokens":100,)"
    R"("cache_write_tokens":0,"audio_tokens":0},"completion_tokens_details":{)"
    R"("reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,)"
    R"("rejected_prediction_tokens":0}},"service_tier":"default",)"
    R"("system_fingerprint":null,"conversation_id":"conv-1"})");
}

TEST(chat_completion, reasoning_appears_under_both_names) {
  const auto body = parsed(
    completion_body(identity, {.reasoning = "because"}, end_with(domain::finish_reason::length)));
  const auto& message = body.at("choices").at(0).at("message");
  EXPECT_EQ(message.at("reasoning_content"), "because");
  EXPECT_EQ(message.at("reasoning"), "because");
  EXPECT_EQ(message.at("content"), "");
}

domain::tool_use_block call(std::string id, std::string name, std::string arguments = {}) {
  return {std::move(id), std::move(name), std::move(arguments), {}};
}

/// The one choice of an answer with these calls.
boost::json::value choice_of(std::vector<domain::tool_use_block> calls, const call_style& style,
                             std::string text = {}) {
  return parsed(completion_body(identity, {.text = std::move(text), .calls = std::move(calls)},
                                end_with(domain::finish_reason::tool_calls), style))
    .at("choices")
    .at(0);
}

TEST(chat_completion, calls_are_told_in_order_without_text) {
  const auto choice =
    choice_of({call("toolu_1", "get \"it\"", R"({"q": "A"})"), call("toolu_2", "stop")}, {});
  EXPECT_EQ(choice.at("finish_reason"), "tool_calls");
  EXPECT_TRUE(choice.at("message").at("content").is_null());
  EXPECT_EQ(choice.at("message").at("tool_calls"), parsed(R"([
    {"id":"toolu_1","type":"function",
     "function":{"name":"get \"it\"","arguments":"{\"q\": \"A\"}"}},
    {"id":"toolu_2","type":"function","function":{"name":"stop","arguments":"{}"}}])"));
}

TEST(chat_completion, text_ahead_of_calls_stays) {
  const auto choice = choice_of({call("toolu_1", "stop")}, {}, "Let me see.");
  EXPECT_EQ(choice.at("message").at("content"), "Let me see.");
  EXPECT_EQ(choice.at("message").at("tool_calls").as_array().size(), 1u);
}

TEST(chat_completion, old_clients_get_one_call_in_the_old_form) {
  const auto choice = choice_of({call("toolu_1", "f", R"({"q":1})")}, {.legacy = true});
  EXPECT_EQ(choice.at("finish_reason"), "function_call");
  EXPECT_EQ(choice.at("message").at("function_call"),
            parsed(R"({"name":"f","arguments":"{\"q\":1}"})"));
  EXPECT_FALSE(choice.at("message").as_object().contains("tool_calls"));
}

TEST(chat_completion, the_argument_of_a_custom_tool_is_plain_text) {
  const auto choice = choice_of({call("toolu_1", "run", R"({"input": "ls \"\u00e9\"\n"})"),
                                 call("toolu_2", "get", R"({"input":"x"})")},
                                {.custom = {"run"}});
  EXPECT_EQ(choice.at("message").at("tool_calls"), parsed(R"([
    {"id":"toolu_1","type":"custom","custom":{"name":"run","input":"ls \"\u00e9\"\n"}},
    {"id":"toolu_2","type":"function",
     "function":{"name":"get","arguments":"{\"input\":\"x\"}"}}])"));
}

TEST(errors, empty_code_and_param_are_null) {
  EXPECT_EQ(error_body({.kind = dialect::error_kind::invalid_request,
                        .message = "Messages cannot be empty",
                        .param = "messages"}),
            R"({"error":{"message":"Messages cannot be empty","type":"invalid_request_error",)"
            R"("param":"messages","code":null}})");
  EXPECT_EQ(error_body({.kind = dialect::error_kind::permission, .code = "c", .message = "m"}),
            R"({"error":{"message":"m","type":"permission_error","param":null,"code":"c"}})");
}

TEST(errors, a_failure_never_shows_its_detail) {
  const domain::error failure{.code = domain::error_code::model_not_found,
                              .message = "no",
                              .param = "model",
                              .detail = "/home/me/.credentials"};
  EXPECT_EQ(error_body(dialect::public_form_of(failure)),
            R"({"error":{"message":"no","type":"invalid_request_error",)"
            R"("param":"model","code":"model_not_found"}})");
}

TEST(errors, clients_can_tell_failures_apart) {
  using domain::error_code;
  const auto words = [](error_code code) {
    const domain::error failure{.code = code};
    const auto found = dialect::public_form_of(failure);
    return std::string{error_type_of(found.kind)} + "/" + std::string{found.code};
  };
  EXPECT_EQ(words(error_code::invalid_request), "invalid_request_error/");
  EXPECT_EQ(words(error_code::unsupported_parameter),
            "invalid_request_error/unsupported_parameter");
  EXPECT_EQ(words(error_code::context_length_exceeded),
            "invalid_request_error/context_length_exceeded");
  EXPECT_EQ(words(error_code::request_too_large), "invalid_request_error/request_too_large");
  EXPECT_EQ(words(error_code::not_found), "not_found_error/");
  EXPECT_EQ(words(error_code::upstream_auth), "authentication_error/upstream_auth");
  EXPECT_EQ(words(error_code::rate_limited), "rate_limit_error/rate_limit_exceeded");
  EXPECT_EQ(words(error_code::insufficient_quota), "insufficient_quota/insufficient_quota");
  EXPECT_EQ(words(error_code::overloaded), "service_unavailable/overloaded");
  EXPECT_EQ(words(error_code::cli_unavailable), "service_unavailable/cli_unavailable");
  EXPECT_EQ(words(error_code::server_busy), "service_unavailable/server_busy");
  EXPECT_EQ(words(error_code::draining), "service_unavailable/draining");
  EXPECT_EQ(words(error_code::timeout), "timeout_error/timeout");
  EXPECT_EQ(words(error_code::upstream_crash), "claude_process_error/upstream_crash");
  EXPECT_EQ(words(error_code::upstream_error), "claude_process_error/upstream_error");
  EXPECT_EQ(words(error_code::internal), "internal_error/");
}

TEST(models, the_list_is_the_configured_one_and_never_changes_its_dates) {
  const domain::model_catalog models{"sonnet", {}, {"opus", "claude-opus-4-6"}};
  EXPECT_EQ(model_list_body(models),
            R"({"object":"list","data":[{"id":"opus","object":"model","created":1735689600,)"
            R"("owned_by":"anthropic"},{"id":"claude-opus-4-6","object":"model",)"
            R"("created":1735689600,"owned_by":"anthropic"}]})");
  EXPECT_EQ(model_list_body({"sonnet", {}, {}}), R"({"object":"list","data":[]})");
  EXPECT_EQ(model_body("opus[1m]"), R"({"id":"opus[1m]","object":"model","created":1735689600,)"
                                    R"("owned_by":"anthropic"})");
}

} // namespace
} // namespace ccapi::openai
