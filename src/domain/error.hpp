#pragma once
// The one failure vocabulary of the gateway. Libraries' errors are translated into it at the
// border where they arise; only http/answers/error_table turns it into status codes.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::domain {

enum class error_code : std::uint8_t {
  /// The request is malformed or a value is out of range; `param` names the field.
  invalid_request = 1,
  /// A field asks for something this gateway does not do; `param` names the field.
  unsupported_parameter,
  /// The model name resolves to nothing.
  model_not_found,
  /// The dialogue does not fit the model's context window.
  context_length_exceeded,
  /// The request (or what it became upstream) is larger than a limit.
  request_too_large,
  /// A resource named by the client does not exist.
  not_found,
  /// The Claude CLI is not logged in, or its credential was refused upstream.
  upstream_auth,
  /// The account's rate limit is exhausted; `retry_after` tells when it may be lifted.
  rate_limited,
  /// The account has no credit left.
  insufficient_quota,
  /// The Messages API is overloaded.
  overloaded,
  /// The model refused to answer. Only used when no answer text can carry it.
  refused,
  /// The Claude CLI is missing, too old, or can't be started.
  cli_unavailable,
  /// Every process is busy and the waiting queue is full or the wait was too long.
  server_busy,
  /// Another request of the same conversation has precedence (conversation.busy).
  conversation_busy,
  /// The store of conversations can't be read or written at the moment.
  store_unavailable,
  /// The gateway is shutting down.
  draining,
  /// The turn did not end within its time.
  timeout,
  /// The process died during the turn.
  upstream_crash,
  /// The CLI or the API failed in a way that has no code of its own.
  upstream_error,
  /// The model's answer is not what the request's format wants.
  invalid_structured_output,
  /// The model calls no tool, though the request wants it to.
  tool_choice_not_honoured,
  /// The client went away; seen in logs only.
  cancelled,
  /// A defect of the gateway itself.
  internal,
};

/// Stable lower-case name, for logs and counters.
constexpr std::string_view to_string(error_code code) noexcept {
  switch (code) {
  case error_code::invalid_request:
    return "invalid_request";
  case error_code::unsupported_parameter:
    return "unsupported_parameter";
  case error_code::model_not_found:
    return "model_not_found";
  case error_code::context_length_exceeded:
    return "context_length_exceeded";
  case error_code::request_too_large:
    return "request_too_large";
  case error_code::not_found:
    return "not_found";
  case error_code::upstream_auth:
    return "upstream_auth";
  case error_code::rate_limited:
    return "rate_limited";
  case error_code::insufficient_quota:
    return "insufficient_quota";
  case error_code::overloaded:
    return "overloaded";
  case error_code::refused:
    return "refused";
  case error_code::cli_unavailable:
    return "cli_unavailable";
  case error_code::server_busy:
    return "server_busy";
  case error_code::conversation_busy:
    return "conversation_busy";
  case error_code::store_unavailable:
    return "store_unavailable";
  case error_code::draining:
    return "draining";
  case error_code::timeout:
    return "timeout";
  case error_code::upstream_crash:
    return "upstream_crash";
  case error_code::upstream_error:
    return "upstream_error";
  case error_code::invalid_structured_output:
    return "invalid_structured_output";
  case error_code::tool_choice_not_honoured:
    return "tool_choice_not_honoured";
  case error_code::cancelled:
    return "cancelled";
  case error_code::internal:
    return "internal";
  }
  return "unknown";
}

/// A failure on its way to a client. `message` and `param` are safe to send; `detail` is for the
/// log only and never leaves the host.
struct error {
  error_code code = error_code::internal;
  std::string message{};
  std::string param{};
  std::string detail{};
  /// The API's name of the request parameter that the model does not take, if that is why.
  std::string refused_parameter{};
  /// When a retry may help, if known.
  std::optional<std::chrono::milliseconds> retry_after{};
  /// False where a retry can't help or would run a turn twice (sent as x-should-retry).
  bool retry_useful = true;
};

} // namespace ccapi::domain
