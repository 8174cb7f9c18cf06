#include "claude/failure.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ccapi::claude {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

constexpr std::chrono::system_clock::time_point now{1'800'000'000s};

result failed(std::optional<std::int64_t> status, std::string_view text) {
  result line;
  line.subtype = "success";
  line.is_error = true;
  line.api_error_status = status;
  line.text = text;
  return line;
}

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

// -- the account ----------------------------------------------------------------------------------

struct account_case {
  std::optional<std::int64_t> status;
  std::string_view text; ///< of the CLI's result
  error_code code;
  std::string_view message; ///< begins so
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

TEST(failure, each_sentence_about_the_account_arrives_under_what_it_means) {
  constexpr auto quota = error_code::insufficient_quota;
  constexpr auto limit = error_code::rate_limited;
  constexpr auto none = std::nullopt;
  // `now` is 2027-01-15 08:00:00 UTC.
  const account_case cases[] = {
    {400,
     "API Error: 400 Your credit balance is too low to access the Anthropic API. Please go to "
     "Plans "
     "& Billing to upgrade or purchase credits.",
     quota, "Your credit balance is too low to access the Anthropic API. Please go"},
    {400, "Credit balance is too low", quota, "Credit balance is too low"},
    {none, "Credit balance is too low", quota, "Credit balance is too low"},
    {400,
     "API Error: 400 You have reached your specified API usage limits. You will regain access on "
     "2027-01-16 at 00:00 UTC.",
     quota,
     "You have reached your specified API usage limits. You will regain access on 2027-01-16 at "
     "00:00 UTC.",
     16h},
    {400, "API Error: 400 This organization has been disabled.", error_code::upstream_auth,
     "This organization has been disabled."},
    {400,
     "Your ANTHROPIC_API_KEY belongs to a disabled organization · Update or unset the environment "
     "variable",
     error_code::upstream_auth,
     "Your ANTHROPIC_API_KEY belongs to a disabled organization. Run `claude` on the host and log "
     "in with another account"},
    {429, "You've hit your monthly spend limit · /usage-credits to raise it", quota,
     "You've hit your monthly spend limit"},
    {429, "Your group's usage limit is set to $0", quota, "Your group's usage limit"},
    {429, "You've reached your Fable limit · /model to switch models", limit,
     "You've reached your Fable limit"},
    {400, "Credit balance too low · Add funds: https://platform.claude.com/settings/billing", quota,
     "Credit balance too low · Add funds: https://platform.claude.com/settings/billing"},
    {400,
     "API Error: 400 Third-party apps now draw from your extra usage, not your plan limits. Add "
     "more at claude.ai/settings/usage and keep going.",
     quota, "Third-party apps now draw from your extra usage, not your plan limits."},
    {429, "API Error: Request rejected (429) · You have hit your organization's spend limit", quota,
     "You have hit your organization's spend limit"},
    {429, "API Error: Request rejected (429) · enforced_spend_limit_reached", quota,
     "enforced_spend_limit_reached"},
    {429,
     "API Error: Request rejected (429) · This request would exceed your account's rate limit. "
     "Please try again later.",
     limit, "This request would exceed your account's rate limit."},
    {none, "Request rejected (429) · this may be a temporary capacity issue", limit,
     "The rate limit of the Claude account is exhausted. The Messages API says: this may be a "
     "temporary capacity issue"},
    {429, "You've hit your session limit · resets 3:45pm (UTC)", limit,
     "You've hit your session limit · resets 3:45pm (UTC)", 7h + 45min},
    {none, "You’ve hit your session limit · resets 7:30am (UTC)", limit,
     "You’ve hit your session limit", 23h + 30min},
    {none, "You've hit your session limit · resets 12am (UTC)", limit,
     "You've hit your session limit", 16h},
    {429, "You've hit your session limit · resets 3:45pm (Europe/Berlin)", limit,
     "You've hit your session limit · resets 3:45pm (Europe/Berlin)"},
    {429, "You've hit your weekly limit · resets Mon 12:00am", limit,
     "You've hit your weekly limit · resets Mon 12:00am"},
    {none, "You've hit your Opus limit · resets 3pm", limit, "You've hit your Opus limit"},
    {none, "You've hit your limit · resets 2am (Europe/Berlin)", limit, "You've hit your limit"},
    {429, "You're out of extra usage · resets 3:45pm (UTC)", quota, "You're out of extra usage",
     7h + 45min},
    {none, "You're out of usage credits", quota, "You're out of usage credits"},
    {429, "API Error: Usage credits required for 1M context", quota,
     "Usage credits required for 1M context"},
    {429, "API Error: Server is temporarily limiting requests (not your usage limit)",
     error_code::overloaded, "Server is temporarily limiting requests (not your usage limit)", 2s},
    {none, "Claude AI usage limit reached|1800003600", limit, "Claude AI usage limit reached", 1h},
    {none, "Claude AI usage limit reached|1700000000", limit, "Claude AI usage limit reached", 1s},
    {none, "5-hour limit reached ∙ resets 2am", limit, "5-hour limit reached ∙ resets 2am"},
  };
  for (const auto& row : cases) {
    const auto failure = failure_of(failed(row.status, row.text), {}, now);
    EXPECT_EQ(failure.code, row.code) << row.text;
    EXPECT_TRUE(failure.message.starts_with(row.message)) << row.text << "\n" << failure.message;
    EXPECT_EQ(failure.message.find('|'), std::string::npos);
    EXPECT_EQ(failure.retry_after.has_value(), row.retry_after.has_value()) << row.text;
    EXPECT_EQ(failure.retry_after.value_or(0s), row.retry_after.value_or(0s)) << row.text;
    EXPECT_EQ(failure.retry_useful, row.code == error_code::overloaded || row.retry_after == 1s)
      << row.text;
  }
}

TEST(failure, what_only_quotes_such_a_sentence_is_a_bad_request) {
  for (const std::string_view words :
       {"messages.0: credit balance is too low", "tools.0.name: 'billing' is odd",
        "Tool 'this organization has been disabled' not found in provided tools",
        "`stop limit reached` is no value", "metadata.x (you've hit your limit)"}) {
    const auto failure = failure_of(failed(400, "API Error: 400 " + std::string{words}), {}, now);
    EXPECT_EQ(failure.code, error_code::invalid_request) << words;
    EXPECT_EQ(failure.message, words);
  }
}

TEST(failure, resets_that_make_no_sense_are_not_passed_on) {
  for (const std::string_view text :
       {"limit reached|99", "limit reached|x", "limit reached|", "You've hit your limit · resets",
        "You've hit your limit · resets 25pm (UTC)", "You've hit your limit · resets 3:99pm (UTC)",
        "You've hit your limit · resets m (UTC)", "You've hit your limit · resets -3pm (UTC)"})
    EXPECT_EQ(failure_of(failed(429, text), {}, now).retry_after, std::nullopt) << text;
  for (const std::string_view date :
       {"2027-13-01 at 00:00 UTC", "2027-02-30 at 00:00 UTC", "soon", "", "2027-0", "20270-1-01"})
    EXPECT_EQ(failure_of(failed(400, "You have reached your specified API usage limits. You will "
                                     "regain access on "
                                       + std::string{date}),
                         {}, now)
                .retry_after,
              std::nullopt)
      << date;
  for (const std::string_view far : {"usage limit reached|9999999999",
                                     "You have reached your specified API usage limits. You will "
                                     "regain access on 9999-12-01 at 00:00 UTC."})
    EXPECT_EQ(failure_of(failed(429, far), {}, now).retry_after, 24h * 32);
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
