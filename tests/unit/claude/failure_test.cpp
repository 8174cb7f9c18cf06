#include "claude/failure.hpp"
#include "result_lines.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ccapi::claude {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

constexpr std::chrono::system_clock::time_point now{1'800'000'000s};

error_code code_of(const result& line, const trouble& before = {}) {
  return failure_of(line, before, now).code;
}

TEST(failure, is_told_from_the_text_where_the_cli_gives_no_status) {
  const std::pair<std::string_view, error_code> cases[] = {
    {"API Error: Repeated 529 Overloaded errors. The API is at capacity", error_code::overloaded},
    {"API Error: Overloaded mid-stream", error_code::overloaded},
    {"Not logged in · Please run /login", error_code::upstream_auth},
    {"Invalid API key · Fix external API key", error_code::upstream_auth},
    {"OAuth token has expired", error_code::upstream_auth},
    {"Prompt is too long", error_code::context_length_exceeded},
    {"Credit balance is too low", error_code::insufficient_quota},
    {"Third-party apps now draw from your extra usage", error_code::insufficient_quota},
    {"You've hit your session limit · resets 3pm", error_code::rate_limited},
    {"Claude AI usage limit reached|1800000000", error_code::rate_limited},
    {"API Error: Unable to connect to API (ConnectionRefused)", error_code::upstream_error},
    {"something new", error_code::upstream_error},
    {"", error_code::upstream_error},
  };
  for (const auto& [text, code] : cases)
    EXPECT_EQ(code_of(failed(std::nullopt, text)), code) << text;
}

TEST(failure, follows_the_status_where_there_is_one) {
  const std::pair<std::int64_t, error_code> cases[] = {
    {400, error_code::invalid_request},    {401, error_code::upstream_auth},
    {402, error_code::insufficient_quota}, {403, error_code::upstream_auth},
    {404, error_code::model_not_found},    {409, error_code::invalid_request},
    {413, error_code::request_too_large},  {429, error_code::rate_limited},
    {500, error_code::upstream_error},     {502, error_code::upstream_error},
    {503, error_code::overloaded},         {529, error_code::overloaded},
    {0, error_code::upstream_error},       {-1, error_code::upstream_error},
  };
  for (const auto& [status, code] : cases)
    EXPECT_EQ(code_of(failed(status, "API Error")), code) << status;
}

TEST(failure, billing_is_no_matter_of_waiting) {
  trouble before;
  before.assistant_error = "billing_error";
  for (const std::int64_t status : {400, 402, 429}) {
    const auto failure = failure_of(failed(status, "no money"), before, now);
    EXPECT_EQ(failure.code, error_code::insufficient_quota) << status;
    EXPECT_FALSE(failure.retry_useful);
  }
}

TEST(failure, tells_limits_of_the_cli_itself) {
  result turns = failed(std::nullopt, "");
  turns.subtype = "error_max_turns";
  EXPECT_EQ(code_of(turns), error_code::upstream_error);
  result budget = failed(std::nullopt, "");
  budget.subtype = "error_max_budget_usd";
  EXPECT_EQ(code_of(budget), error_code::insufficient_quota);
  result aborted = failed(std::nullopt, "");
  aborted.subtype = "error_during_execution";
  aborted.terminal_reason = "aborted_streaming";
  EXPECT_EQ(code_of(aborted), error_code::cancelled);
}

TEST(failure, reads_the_error_list_of_a_result_without_text) {
  result line = failed(std::nullopt, "");
  line.subtype = "error_during_execution";
  line.errors = {"[diagnostic]", "Prompt is too long"};
  EXPECT_EQ(code_of(line), error_code::context_length_exceeded);
}

TEST(failure, passes_on_what_the_api_says_about_the_request) {
  const auto plain =
    failure_of(failed(400, "API Error: 400 temperature: must be at most 1"), {}, now);
  EXPECT_EQ(plain.message, "temperature: must be at most 1");
  const auto json = failure_of(
    failed(400, R"(API Error: 400 {"type":"error","error":{"type":"invalid_request_error",)"
                R"("message":"top_p \"x\" is bad"},"request_id":"r"})"),
    {}, now);
  EXPECT_EQ(json.message, "top_p \"x\" is bad");
  EXPECT_FALSE(plain.retry_useful);
}

TEST(failure, masks_where_this_host_is_and_keeps_the_rest_of_the_sentence) {
  const std::pair<std::string_view, std::string_view> cases[] = {
    {"see /home/alice/.claude.json", "see [path]"},
    {"see file(/etc/passwd), please", "see file([path]), please"},
    {"C:\\Users\\alice is odd", "[path] is odd"},
    {"~/.claude/x is odd", "[path] is odd"},
    {"proxy 10.0.0.7 said no", "proxy [address] said no"},
    {"proxy 10.0.0.7:8080 said no.", "proxy [address] said no."},
    {"http://gw.corp/v1 said no", "[address] said no"},
    {"http://[::1]:80/v1 said no", "[address] said no"},
    {"https://gw.internal:8443/v1 said no", "[address] said no"},
    {"https://alice:secret@example.com/ said no", "[address] said no"},
    {"https://192.0.2.7/ said no", "[address] said no"},
    {"gw.corp:8443 said no", "[address] said no"},
    {"gw.example.com:8443 said no", "[address] said no"},
    {"GW.Corp said no", "[address] said no"},
    {"localhost refused", "[address] refused"},
    {"at [::1]:80", "at [address]"},
    {"at fe80::1 now", "at [address] now"},
    {"ask alice@corp.example.", "ask [address]."},
    {"line one\nline two", "line one line two"},
    {"key sk-ant-api03-Ab_c-9 is bad", "key [key] is bad"},
    {"Bearer%20sk-ant-api03-Ab_c-9 and KEY_sk-ant-x", "Bearer%20[key] and KEY_[key]"},
    {"see https://relay.example.com/v1?api_key=Zm9v now",
     "see https://relay.example.com/v1?... now"},
    {"Authorization: Bearer abc123def is bad", "Authorization: Bearer [key] is bad"},
    {"token eyJhbGciOi.eyJzdWIiOi.c2ln is bad", "token [key] is bad"},
  };
  for (const auto& [said, told] : cases) {
    const auto failure = failure_of(failed(400, "API Error: 400 " + std::string{said}), {}, now);
    EXPECT_EQ(failure.message, told);
  }
  const auto overloaded = failure_of(
    failed(529, "API Error: 529. Check your inference gateway (127.0.0.1:34411)."), {}, now);
  EXPECT_EQ(overloaded.message.find("127.0.0.1"), std::string::npos);
}

TEST(failure, the_log_keeps_all_but_keys) {
  const auto failure = failure_of(
    failed(400, "API Error: 400 see /home/alice: sk-ant-api03-Ab_c-9 at 10.0.0.7"), {}, now);
  EXPECT_NE(failure.detail.find("see /home/alice: [key] at 10.0.0.7"), std::string::npos)
    << failure.detail;
}

TEST(failure, what_is_public_reaches_the_client) {
  for (const std::string_view words :
       {"messages.0.content.1: image/png is too large", "use 1.5 or 2.0", "tokens and/or bytes",
        "see https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens",
        "regain access at 12:34 or 12:34:56", "POST /v1/messages at 2026-12-01",
        "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our "
        "documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking",
        "messages.1.content.0.type: Expected `thinking`, but found `tool_use`",
        "JSON schema is invalid (https://json-schema.org/draft/2020-12)", "bearer authentication",
        "a :// b", "std::string"}) {
    const auto failure = failure_of(failed(400, "API Error: 400 " + std::string{words}), {}, now);
    EXPECT_EQ(failure.message, words);
  }
}

TEST(failure, cuts_long_texts_between_characters) {
  std::string text = "API Error: 400 ";
  for (int i = 0; i < 2000; ++i)
    text += "é";
  const auto failure = failure_of(failed(400, text), {}, now);
  EXPECT_EQ(failure.message.size(), 1000U);
  EXPECT_EQ(failure.message.substr(998), "é");
  EXPECT_LE(failure.detail.size(), 1024U);
}

TEST(failure, broken_json_of_the_api_is_not_quoted) {
  const auto cut_off = failure_of(failed(400, R"(API Error: 400 {"error":{"mess)"), {}, now);
  EXPECT_EQ(cut_off.message, "The Messages API rejected the request (status 400).");
  const auto surrogate =
    failure_of(failed(400, R"(API Error: 400 {"error":{"message":"a\udc00b"}})"), {}, now);
  EXPECT_EQ(surrogate.message.find("\xed\xb0\x80"), std::string::npos) << "no half of a pair";
}

TEST(failure, rate_limits_tell_how_long_to_wait) {
  trouble before;
  before.rate_limit_rejected = true;
  before.rate_limit_resets_at = 1'800'000'045;
  const auto near = failure_of(failed(std::nullopt, "limit"), before, now);
  EXPECT_EQ(near.code, error_code::rate_limited);
  EXPECT_EQ(near.retry_after, 45s);
  EXPECT_TRUE(near.retry_useful);
  before.rate_limit_resets_at = 1'800'018'000;
  const auto far = failure_of(failed(429, "limit"), before, now);
  EXPECT_EQ(far.retry_after, 5h);
  EXPECT_FALSE(far.retry_useful);
  before.rate_limit_resets_at = 17;
  EXPECT_EQ(failure_of(failed(429, "limit"), before, now).retry_after, 1s) << "it is past";
  for (const auto absurd :
       {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    before.rate_limit_resets_at = absurd;
    EXPECT_LE(failure_of(failed(429, "limit"), before, now).retry_after, 192h);
  }
}

TEST(failure, says_more_where_the_api_does) {
  const auto server = failure_of(failed(500, "API Error: 500 Internal server error. This is a "
                                             "server-side issue, usually temporary — try again"),
                                 {}, now);
  EXPECT_EQ(server.message, "The Messages API failed (status 500). The Messages API says: Internal "
                            "server error.");
  const auto forbidden = failure_of(
    failed(403, "Failed to authenticate. API Error: 403 OAuth is not allowed here."), {}, now);
  EXPECT_NE(forbidden.message.find("`claude` once on the host"), std::string::npos);
  EXPECT_NE(forbidden.message.find("says: OAuth is not allowed here."), std::string::npos);
  const auto model = failure_of(failed(404, "There's an issue with the selected model (x). It may "
                                            "not exist. Run --model to pick a different model."),
                                {}, now);
  EXPECT_EQ(model.message, "There's an issue with the selected model (x). It may not exist.");
  const auto too_long = failure_of(
    failed(400, "Prompt is too long · the request is ~210000 tokens (limit 200000) but this "
                "conversation is only ~32 tokens — reduce attached files/tools."),
    {}, now);
  EXPECT_EQ(too_long.message, "The messages do not fit into the model's context window. The "
                              "Messages API says: the request is ~210000 tokens (limit 200000).");
  const auto unknown = failure_of(failed(std::nullopt, "Something new"), {}, now);
  EXPECT_EQ(unknown.message, "The Claude CLI could not complete the turn. It says: Something new");
}

TEST(failure, an_allowed_rate_limit_does_not_blame_the_account) {
  trouble before;
  before.rate_limit_resets_at = 1'800'000'045;
  EXPECT_EQ(code_of(failed(500, "API Error: 500"), before), error_code::upstream_error);
}

TEST(failure, a_busy_api_always_tells_how_long_to_wait) {
  const auto untold = failure_of(failed(429, "API Error: Request rejected (429)"), {}, now);
  EXPECT_EQ(untold.retry_after, 60s)
    << "the CLI waits by itself for less, and keeps more to itself";
  EXPECT_FALSE(untold.retry_useful);
  EXPECT_EQ(failure_of(failed(529, ""), {}, now).retry_after, 2s);
  trouble before;
  before.retry_status = 429;
  before.retry_delay = 7131ms;
  EXPECT_EQ(failure_of(failed(429, ""), before, now).retry_after, 7131ms);
  before.rate_limit_resets_at = 1'800'018'000; // of a limit that is far away
  EXPECT_EQ(failure_of(failed(429, ""), before, now).retry_after, 7131ms);
  before.retry_status = 529;
  EXPECT_EQ(failure_of(failed(529, ""), before, now).retry_after, 7131ms);
}

TEST(failure, a_wait_for_a_busy_api_is_a_failure_of_its_own) {
  trouble before;
  EXPECT_FALSE(failure_of_wait(before, now));
  before.retry_delay = 7s;
  before.retry_status = 500;
  EXPECT_FALSE(failure_of_wait(before, now));
  before.retry_status = 429;
  const auto limited = failure_of_wait(before, now);
  ASSERT_TRUE(limited);
  EXPECT_EQ(limited->code, error_code::rate_limited);
  EXPECT_EQ(limited->retry_after, 7s);
  EXPECT_NE(limited->detail.find("7000 ms"), std::string::npos);
  before.retry_status = 529;
  const auto overloaded = failure_of_wait(before, now);
  ASSERT_TRUE(overloaded);
  EXPECT_EQ(overloaded->code, error_code::overloaded);
  EXPECT_EQ(overloaded->retry_after, 7s);
}

TEST(failure, only_what_may_pass_soon_is_worth_a_retry) {
  EXPECT_TRUE(failure_of(failed(529, ""), {}, now).retry_useful);
  EXPECT_TRUE(
    failure_of(failed(std::nullopt, "API Error: Connection refused"), {}, now).retry_useful);
  EXPECT_FALSE(
    failure_of(failed(std::nullopt, "Connection to the API was lost"), {}, now).retry_useful);
  for (const std::int64_t status : {400, 401, 403, 404, 413, 429, 500})
    EXPECT_FALSE(failure_of(failed(status, ""), {}, now).retry_useful) << status;
}

} // namespace
} // namespace ccapi::claude
