#pragma once
// transport_problem: why a request is refused before any dialect has seen it (framing, origin,
// route, size, time). Framing's and middleware's own problems stand in their .cpp files.

#include "dialect/public_error.hpp"

#include <string_view>

namespace ccapi::http {

using dialect::error_kind;

/// Constants with static storage; passed as a pointer, null = no problem.
struct transport_problem {
  unsigned status;
  error_kind kind;
  std::string_view code;
  std::string_view message;
  /// The place of the next request is unknown (or can't be trusted): the connection must end.
  bool must_close = false;
};

inline constexpr transport_problem route_not_found{
  404, error_kind::not_found, "unknown_url",
  "There is no such route here. GET / lists those that there are."};
inline constexpr transport_problem method_not_allowed{
  405, error_kind::invalid_request, "method_not_allowed",
  "This route does not take this method; the Allow header lists the ones it takes."};
inline constexpr transport_problem wrong_key{
  401, error_kind::authentication, "invalid_api_key",
  "No API key was shown, or it is not one of this gateway's. Send one as Authorization: "
  "Bearer, x-api-key or api-key."};
inline constexpr transport_problem too_many_wrong_keys{
  429, error_kind::rate_limit, "rate_limit_exceeded",
  "Too many requests from this address showed no valid API key "
  "(auth.failures_per_minute_max)."};
inline constexpr transport_problem admin_key_needed{
  403, error_kind::permission, "admin_key_required",
  "This API key may not do that: it has no `admin` in the gateway's configuration."};
inline constexpr transport_problem key_rate_exceeded{
  429, error_kind::rate_limit, "rate_limit_exceeded",
  "This API key has used up its requests_per_minute."};
inline constexpr transport_problem key_turns_exceeded{
  429, error_kind::rate_limit, "rate_limit_exceeded",
  "This API key has as many requests in work as its max_concurrent allows."};
inline constexpr transport_problem key_in_work{
  409, error_kind::invalid_request, "idempotency_key_in_use",
  "The request with this Idempotency-Key is in work, and too much has been answered for another "
  "one to join. Try again when it is over."};
inline constexpr transport_problem key_reused{
  422, error_kind::invalid_request, "idempotency_key_reused",
  "This Idempotency-Key was used for another request. Make a new one for each request, and repeat "
  "it only with the same path and body, byte for byte."};
inline constexpr transport_problem request_timeout{
  408, error_kind::invalid_request, "request_timeout",
  "The request did not arrive in time (limits.header_timeout_seconds, "
  "limits.body_idle_timeout_seconds, limits.body_bytes_per_second_min).",
  true};
inline constexpr transport_problem body_too_large{
  413, error_kind::invalid_request, "request_too_large",
  "The request body is larger than limits.body_bytes_max.", true};
inline constexpr transport_problem bodies_full{
  503, error_kind::unavailable, "server_busy",
  "The requests at hand hold as much memory as limits.bodies_bytes_max allows, and this one is not "
  "a small one.",
  true};
inline constexpr transport_problem pictures_waiting{
  503, error_kind::unavailable, "server_busy",
  "Too many pictures wait to be loaded (images.waiting_max)."};
inline constexpr transport_problem decoding_late{
  503, error_kind::unavailable, "server_busy",
  "Too many encoded bodies wait to be decoded; this one waited for "
  "limits.body_idle_timeout_seconds."};
inline constexpr transport_problem internal_failure{
  500, error_kind::internal, "internal_error",
  "The gateway failed at this request; its log says more.", true};
inline constexpr transport_problem target_too_long{
  414, error_kind::invalid_request, "uri_too_long",
  "The request line is longer than limits.request_line_bytes_max.", true};
inline constexpr transport_problem head_too_large{
  431, error_kind::invalid_request, "header_too_large",
  "The header is larger than limits.header_bytes_max or has more than limits.header_fields_max "
  "fields.",
  true};
inline constexpr transport_problem bad_body_framing{
  400, error_kind::invalid_request, "invalid_http", "The body's chunked encoding is malformed.",
  true};
inline constexpr transport_problem plain_http_on_tls_port{
  400, error_kind::invalid_request, "tls_required", "This port speaks TLS: use https.", true};
inline constexpr transport_problem too_many_connections{
  503, error_kind::unavailable, "too_many_connections", "Too many connections.", true};
inline constexpr transport_problem server_draining{503, error_kind::unavailable, "draining",
                                                   "The gateway is shutting down.", true};

} // namespace ccapi::http
