#include "claude/failure.hpp"

#include "claude/api_message.hpp"
#include "claude/masking.hpp"
#include "claude/refusal.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace ccapi::claude {

namespace {

using domain::error_code;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

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
  disabled,
  rate,
  overloaded,
  model,
  too_large,
  too_long,
  picture, ///< that the API can't read
  rejected,
  server,
  unreachable,
  lost,
  other,
};

/// What is known about a failed turn.
struct evidence {
  const result& line;
  const trouble& before;
  std::string text;        ///< lower case, with the list of errors
  std::string sentence;    ///< of the API or the CLI
  account_trouble account; ///< as the sentence tells it
  system_clock::time_point now;
};

bool is_billing(const evidence& seen) {
  return seen.before.assistant_error == "billing_error"
         || seen.account == account_trouble::no_credit;
}

bool is_too_long(const evidence& seen) {
  return seen.line.terminal_reason == "prompt_too_long"
         || has_any(seen.text, "prompt is too long", "exceed context limit");
}

std::optional<cause> cause_of_account(account_trouble which) {
  switch (which) {
  case account_trouble::no_credit:
    return cause::quota;
  case account_trouble::disabled:
    return cause::disabled;
  case account_trouble::limit:
    return cause::rate;
  case account_trouble::overloaded:
    return cause::overloaded;
  case account_trouble::none:
    break;
  }
  return std::nullopt;
}

cause cause_of_status(std::int64_t status, const evidence& seen) {
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
    return is_billing(seen) || has_any(seen.text, "billing", "credit") ? cause::quota : cause::rate;
  case 503:
  case 529:
    return cause::overloaded;
  default:
    break;
  }
  if (status < 400 || status >= 500)
    return cause::server;
  if (is_too_long(seen))
    return cause::too_long;
  if (has_any(seen.text, "could not process image", "an image in the conversation"))
    return cause::picture;
  return is_billing(seen) ? cause::quota : cause::rejected;
}

cause cause_of_text(const evidence& seen) {
  const std::string_view error = seen.before.assistant_error;
  const std::string_view text = seen.text;
  if (is_too_long(seen))
    return cause::too_long;
  if (is_billing(seen) || has_any(text, "extra usage", "billing"))
    return cause::quota;
  if (has_any(text, "image base64 size", "image dimensions exceed"))
    return cause::picture; // it was not even sent
  if (seen.before.rate_limit_rejected || error == "rate_limit"
      || has_any(text, "limit reached", "hit your", "rate limit", "request rejected (429)"))
    return cause::rate;
  if (error == "authentication_failed"
      || has_any(text, "not logged in", "invalid api key", "/login", "oauth token"))
    return cause::auth;
  if (error == "model_not_found")
    return cause::model;
  if (seen.line.api_error_type == "overloaded_error"
      || seen.before.stream_error == "overloaded_error" || has_any(text, "overloaded", "529"))
    return cause::overloaded;
  if (has_any(text, "unable to connect", "refused", "enotfound", "getaddrinfo"))
    return cause::unreachable;
  if (seen.line.api_error == "connection_failed"
      || has_any(text, "connection", "econnreset", "timed out", "socket"))
    return cause::lost;
  return cause::other;
}

cause cause_of(const evidence& seen) {
  const auto& line = seen.line;
  if (line.terminal_reason.starts_with("aborted"))
    return cause::aborted;
  if (line.subtype == "error_max_turns")
    return cause::turn_limit;
  if (line.subtype == "error_max_budget_usd" || line.terminal_reason == "budget_exhausted")
    return cause::budget;
  // The API tells most of these with a status that says something else.
  if (const auto account = cause_of_account(seen.account))
    return *account;
  if (line.api_error_status)
    return cause_of_status(*line.api_error_status, seen);
  return cause_of_text(seen);
}

domain::error lasting(error_code code, std::string message, std::string param = {}) {
  return {.code = code,
          .message = std::move(message),
          .param = std::move(param),
          .detail = {},
          .retry_after = std::nullopt,
          .retry_useful = false};
}

/// What the API or the CLI had to say, else `ours`.
std::string sentence_or(std::string_view ours, const evidence& seen) {
  auto words = shown(seen.sentence);
  return words.empty() ? std::string{ours} : words;
}

/// `ours`, and what was said.
std::string with_sentence(std::string ours, const evidence& seen,
                          std::string_view speaker = "The Messages API") {
  if (const auto words = shown(seen.sentence); !words.empty())
    ours.append(" ").append(speaker).append(" says: ").append(words);
  return ours;
}

/// A sentence that is known speaks for itself.
std::string about_account(std::string ours, const evidence& seen) {
  return seen.account == account_trouble::none ? with_sentence(std::move(ours), seen)
                                               : sentence_or(ours, seen);
}

domain::error out_of_credit(const evidence& seen) {
  auto failure =
    lasting(error_code::insufficient_quota,
            about_account("The Claude account has no credit left for this use.", seen));
  failure.retry_after = time_to_named_reset(seen.sentence, seen.now);
  return failure;
}

domain::error rate_limited(const evidence& seen) {
  auto failure = lasting(error_code::rate_limited,
                         about_account("The rate limit of the Claude account is exhausted.", seen));
  const auto named = time_to_named_reset(seen.sentence, seen.now);
  const auto reset =
    named && !seen.before.rate_limit_resets_at ? named : time_to_reset(seen.before, seen.now);
  failure.retry_after = reset;
  if (!reset && seen.account == account_trouble::none && seen.line.api_error_status == 429)
    failure.retry_after = cli_waits_max; // longer than that, or the CLI would have said
  failure.retry_useful = reset && *reset <= near_reset;
  return failure;
}

domain::error overloaded(const evidence& seen) {
  constexpr std::string_view ours = "The Messages API is overloaded. Try again soon.";
  auto failure = lasting(error_code::overloaded, seen.account == account_trouble::overloaded
                                                   ? sentence_or(ours, seen)
                                                   : std::string{ours});
  failure.retry_after =
    std::max<milliseconds>(seen.before.retry_delay.value_or(overload_pause), overload_pause);
  failure.retry_useful = true;
  return failure;
}

domain::error refused_login(const evidence& seen) {
  std::string ours = "The Claude CLI is not logged in or its credential was refused. Run `claude` "
                     "once on the host and log in, or set ANTHROPIC_API_KEY.";
  // Without a status the CLI speaks of itself: of commands that nobody can give it here.
  return lasting(error_code::upstream_auth,
                 seen.line.api_error_status ? with_sentence(std::move(ours), seen) : ours);
}

domain::error disabled(const evidence& seen) {
  auto message = shown(seen.sentence);
  if (!message.ends_with('.'))
    message += '.';
  return lasting(error_code::upstream_auth,
                 message
                   + " Run `claude` on the host and log in with another account, or set another "
                     "ANTHROPIC_API_KEY.");
}

domain::error too_long(const evidence& seen) {
  std::string ours = "The messages do not fit into the model's context window.";
  for (const std::string_view numbers : {"prompt is too long: ", "the request is ~"}) {
    const auto at = seen.text.find(numbers);
    if (at == std::string::npos)
      continue;
    auto found = std::string_view{seen.text}.substr(at);
    found = found.substr(0, found.find_first_of(")\n"));
    const auto open = found.find('(');
    ours.append(" The Messages API says: ").append(shown(cut(found, 120)));
    ours.append(open == std::string_view::npos ? "." : ").");
    break;
  }
  return lasting(error_code::context_length_exceeded, std::move(ours), "messages");
}

domain::error rejected(const std::string& status, const evidence& seen) {
  auto failure =
    lasting(error_code::invalid_request,
            sentence_or("The Messages API rejected the request (status " + status + ").", seen));
  failure.refused_parameter = refused_parameter(seen.sentence);
  return failure;
}

domain::error failure_of(cause why, const evidence& seen) {
  const auto status = std::to_string(seen.line.api_error_status.value_or(0));
  switch (why) {
  case cause::aborted:
    return lasting(error_code::cancelled, "The turn was interrupted.");
  case cause::turn_limit:
    return lasting(error_code::upstream_error, "The turn needed more steps than allowed.");
  case cause::budget:
    return lasting(error_code::insufficient_quota, "The budget of the Claude CLI is used up.");
  case cause::quota:
    return out_of_credit(seen);
  case cause::auth:
    return refused_login(seen);
  case cause::disabled:
    return disabled(seen);
  case cause::rate:
    return rate_limited(seen);
  case cause::overloaded:
    return overloaded(seen);
  case cause::model:
    return lasting(
      error_code::model_not_found,
      sentence_or("The model does not exist or the Claude account has no access to it.", seen),
      "model");
  case cause::too_large:
    return lasting(error_code::request_too_large,
                   "The request is larger than the Messages API accepts.");
  case cause::too_long:
    return too_long(seen);
  case cause::rejected:
    return rejected(status, seen);
  case cause::picture:
    return unreadable_picture(seen.line.text);
  case cause::server:
    return lasting(error_code::upstream_error,
                   with_sentence("The Messages API failed (status " + status + ").", seen));
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
  return lasting(error_code::upstream_error,
                 with_sentence("The Claude CLI could not complete the turn.", seen, "It"));
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
  add("text", cut(line.text, detail_max));
  for (const auto error : line.errors)
    add("error", cut(error, detail_max));
  return without_secrets(cut(detail, detail_max));
}

} // namespace

domain::error failure_of(const result& line, const trouble& before,
                         std::chrono::system_clock::time_point now) {
  auto sentence = sentence_of(line.text);
  for (const auto error : line.errors)
    if (sentence.empty() && !error.starts_with('['))
      sentence = sentence_of(error);
  const auto account = account_trouble_of(sentence);
  evidence seen{.line = line,
                .before = before,
                .text = lower(line.text),
                .sentence = std::move(sentence),
                .account = account,
                .now = now};
  for (const auto error : line.errors)
    seen.text.append("\n").append(lower(error));
  auto failure = failure_of(cause_of(seen), seen);
  failure.detail = detail_of(line, before);
  return failure;
}

domain::error unreadable_picture(std::string_view said) {
  std::string told = "The Messages API can't read a picture or document of the messages.";
  if (const auto words = shown(sentence_of(said)); !words.empty())
    told.append(" It says: ").append(words);
  return lasting(error_code::invalid_request, std::move(told), "messages");
}

std::optional<domain::error> failure_of_wait(const trouble& before,
                                             std::chrono::system_clock::time_point now) {
  if (before.retry_status != 429 && before.retry_status != 529)
    return std::nullopt;
  const result none; // the CLI has not given up
  const evidence seen{.line = none,
                      .before = before,
                      .text = {},
                      .sentence = {},
                      .account = account_trouble::none,
                      .now = now};
  auto failure = before.retry_status == 429 ? rate_limited(seen) : overloaded(seen);
  failure.detail = "status " + std::to_string(*before.retry_status) + "; the CLI would wait "
                   + std::to_string(before.retry_delay.value_or(milliseconds{}).count()) + " ms";
  return failure;
}

} // namespace ccapi::claude
