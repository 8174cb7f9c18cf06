#include "claude/failure.hpp"

#include "claude/api_words.hpp"
#include "claude/refusal.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace ccapi::claude {

namespace {

using domain::error_code;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A reset that is nearer than this is worth waiting for.
constexpr seconds near_reset{60};
/// Longer than the longest limit the CLI knows (seven days).
constexpr seconds reset_max = std::chrono::hours{24 * 8};
constexpr seconds overload_pause{2};
/// What an API asks for beyond this the CLI does not wait for, and does not tell (measured).
constexpr seconds cli_waits_max{60};
constexpr std::size_t detail_max = 1024;

std::string lower(std::string_view text) {
  std::string copy{text};
  std::transform(copy.begin(), copy.end(), copy.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return copy;
}

template <class... Words>
bool has_any(std::string_view text, Words... words) {
  return ((text.find(words) != std::string_view::npos) || ...);
}

/// How long until the limit is lifted, as far as anything told it.
std::optional<milliseconds> time_to_reset(const trouble& before,
                                          std::chrono::system_clock::time_point now) {
  if (!before.rate_limit_resets_at || (!before.rate_limit_rejected && before.retry_delay))
    return before.retry_delay;
  const auto now_seconds = std::chrono::duration_cast<seconds>(now.time_since_epoch()).count();
  const auto resets_at = *before.rate_limit_resets_at;
  if (resets_at <= now_seconds)
    return seconds{1};
  return std::min(seconds{resets_at - std::max<std::int64_t>(now_seconds, 0)}, reset_max);
}

enum class cause : std::uint8_t {
  aborted,
  turn_limit,
  budget,
  quota,
  auth,
  rate,
  overloaded,
  model,
  too_large,
  too_long,
  rejected,
  server,
  unreachable,
  lost,
  other,
};

bool is_billing(const trouble& before, std::string_view text) {
  return before.assistant_error == "billing_error"
         || has_any(text, "credit balance", "extra usage", "billing");
}

bool is_too_long(const result& line, std::string_view text) {
  return line.terminal_reason == "prompt_too_long"
         || has_any(text, "prompt is too long", "exceed context limit");
}

cause cause_of_status(std::int64_t status, const result& line, const trouble& before,
                      std::string_view text) {
  switch (status) {
  case 401:
  case 403:
    return cause::auth;
  case 402:
    return cause::quota;
  case 404:
    return cause::model;
  case 413:
    return cause::too_large;
  case 429:
    return is_billing(before, text) ? cause::quota : cause::rate;
  case 503:
  case 529:
    return cause::overloaded;
  default:
    break;
  }
  if (status < 400 || status >= 500)
    return cause::server;
  if (is_too_long(line, text))
    return cause::too_long;
  return is_billing(before, text) ? cause::quota : cause::rejected;
}

cause cause_of_text(const result& line, const trouble& before, std::string_view text) {
  const std::string_view error = before.assistant_error;
  if (is_too_long(line, text))
    return cause::too_long;
  if (is_billing(before, text))
    return cause::quota;
  if (before.rate_limit_rejected || error == "rate_limit"
      || has_any(text, "limit reached", "hit your", "rate limit"))
    return cause::rate;
  if (error == "authentication_failed"
      || has_any(text, "not logged in", "invalid api key", "/login", "oauth token"))
    return cause::auth;
  if (error == "model_not_found")
    return cause::model;
  if (line.api_error_type == "overloaded_error" || before.stream_error == "overloaded_error"
      || has_any(text, "overloaded", "529"))
    return cause::overloaded;
  if (has_any(text, "unable to connect", "refused", "enotfound", "getaddrinfo"))
    return cause::unreachable;
  if (line.api_error == "connection_failed"
      || has_any(text, "connection", "econnreset", "timed out", "socket"))
    return cause::lost;
  return cause::other;
}

cause cause_of(const result& line, const trouble& before, std::string_view text) {
  if (line.terminal_reason.starts_with("aborted"))
    return cause::aborted;
  if (line.subtype == "error_max_turns")
    return cause::turn_limit;
  if (line.subtype == "error_max_budget_usd" || line.terminal_reason == "budget_exhausted")
    return cause::budget;
  if (line.api_error_status)
    return cause_of_status(*line.api_error_status, line, before, text);
  return cause_of_text(line, before, text);
}

domain::error lasting(error_code code, std::string message, std::string param = {}) {
  return {.code = code,
          .message = std::move(message),
          .param = std::move(param),
          .detail = {},
          .retry_after = std::nullopt,
          .retry_useful = false};
}

domain::error rate_limited(const trouble& before, std::chrono::system_clock::time_point now) {
  auto failure =
    lasting(error_code::rate_limited, "The rate limit of the Claude account is exhausted.");
  const auto reset = time_to_reset(before, now);
  failure.retry_after = reset.value_or(cli_waits_max);
  failure.retry_useful = reset && *reset <= near_reset;
  return failure;
}

domain::error overloaded(const trouble& before) {
  auto failure = lasting(error_code::overloaded, "The Messages API is overloaded. Try again soon.");
  failure.retry_after =
    std::max<milliseconds>(before.retry_delay.value_or(overload_pause), overload_pause);
  failure.retry_useful = true;
  return failure;
}

domain::error rejected(const result& line) {
  const auto status = line.api_error_status.value_or(400);
  auto words = api_words(line.text, status);
  if (words.empty())
    words = "The Messages API rejected the request (status " + std::to_string(status) + ").";
  auto failure = lasting(error_code::invalid_request, std::move(words));
  failure.refused_parameter = refused_parameter(failure.message);
  return failure;
}

domain::error failure_of(cause why, const result& line, const trouble& before,
                         std::chrono::system_clock::time_point now) {
  switch (why) {
  case cause::aborted:
    return lasting(error_code::cancelled, "The turn was interrupted.");
  case cause::turn_limit:
    return lasting(error_code::upstream_error, "The turn needed more steps than allowed.");
  case cause::budget:
    return lasting(error_code::insufficient_quota, "The budget of the Claude CLI is used up.");
  case cause::quota:
    return lasting(error_code::insufficient_quota,
                   "The Claude account has no credit left for this use.");
  case cause::auth:
    return lasting(error_code::upstream_auth,
                   "The Claude CLI is not logged in or its credential was refused. Run `claude "
                   "auth login` on the host, or set ANTHROPIC_API_KEY.");
  case cause::rate:
    return rate_limited(before, now);
  case cause::overloaded:
    return overloaded(before);
  case cause::model:
    return lasting(error_code::model_not_found,
                   "The model does not exist or the Claude account has no access to it.", "model");
  case cause::too_large:
    return lasting(error_code::request_too_large,
                   "The request is larger than the Messages API accepts.");
  case cause::too_long:
    return lasting(error_code::context_length_exceeded,
                   "The messages do not fit into the model's context window.", "messages");
  case cause::rejected:
    return rejected(line);
  case cause::server:
    return lasting(error_code::upstream_error, "The Messages API failed (status "
                                                 + std::to_string(line.api_error_status.value_or(0))
                                                 + ").");
  case cause::unreachable: {
    auto failure = lasting(error_code::upstream_error, "The Messages API could not be reached.");
    failure.retry_useful = true; // nothing was asked yet
    return failure;
  }
  case cause::lost:
    return lasting(error_code::upstream_error, "The connection to the Messages API was lost.");
  case cause::other:
    break;
  }
  return lasting(error_code::upstream_error, "The Claude CLI could not complete the turn.");
}

std::string detail_of(const result& line, const trouble& before) {
  std::string detail{line.subtype};
  const auto add = [&detail](std::string_view name, std::string_view value) {
    if (!value.empty())
      detail.append("; ").append(name).append(": ").append(value);
  };
  if (line.api_error_status)
    add("status", std::to_string(*line.api_error_status));
  add("type", line.api_error_type);
  add("reason", line.terminal_reason);
  add("error", before.assistant_error);
  add("last retry", before.retry_error);
  add("text", line.text);
  for (const auto error : line.errors)
    add("error", error);
  detail.resize(cut(detail, detail_max).size());
  return detail;
}

} // namespace

domain::error failure_of(const result& line, const trouble& before,
                         std::chrono::system_clock::time_point now) {
  auto text = lower(line.text);
  for (const auto error : line.errors)
    text.append("\n").append(lower(error));
  auto failure = failure_of(cause_of(line, before, text), line, before, now);
  failure.detail = detail_of(line, before);
  return failure;
}

std::optional<domain::error> failure_of_wait(const trouble& before,
                                             std::chrono::system_clock::time_point now) {
  if (before.retry_status != 429 && before.retry_status != 529)
    return std::nullopt;
  auto failure = before.retry_status == 429 ? rate_limited(before, now) : overloaded(before);
  failure.detail = "status " + std::to_string(*before.retry_status) + "; the CLI would wait "
                   + std::to_string(before.retry_delay.value_or(milliseconds{}).count()) + " ms";
  return failure;
}

} // namespace ccapi::claude
