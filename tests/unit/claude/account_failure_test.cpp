#include "claude/failure.hpp"
#include "result_lines.hpp"

#include <gtest/gtest.h>

// What is wrong with the account behind the CLI, and until when.

namespace ccapi::claude {
namespace {

using namespace std::chrono_literals;
using domain::error_code;

constexpr std::chrono::system_clock::time_point now{1'800'000'000s};

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

} // namespace
} // namespace ccapi::claude
