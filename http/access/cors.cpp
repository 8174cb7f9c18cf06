#include "http/access/cors.hpp"

#include "http/answers/response.hpp"
#include "http/wire/ascii.hpp"

#include <algorithm>
#include <array>

namespace ccapi::http {

namespace {

/// Names of request fields that are granted to one preflight.
constexpr std::size_t granted_max = 64;

constexpr std::array<std::string_view, 11> known_fields{
  "accept",    "api-key",      "authorization",   "content-encoding", "content-type", "user-agent",
  "x-api-key", "x-request-id", "idempotency-key", "x-requested-with", "cache-control"};
constexpr std::string_view own_family = "x-ccapi-";

constexpr std::string_view exposed_fields =
  "x-request-id, retry-after, retry-after-ms, x-should-retry, x-ratelimit-limit-requests, "
  "x-ratelimit-remaining-requests, x-ccapi-conversation-id, x-ccapi-match, x-ccapi-mapped-model, "
  "x-ccapi-ignored-params, x-ccapi-cost-usd, x-ccapi-cache, age, idempotent-replayed, "
  "x-ccapi-demo, server-timing";

bool is_known(std::string_view name, const dialect::header_fields& of_dialect) noexcept {
  const auto is = [&](std::string_view known) { return ascii::equals_lower(name, known); };
  const auto begins = [&](std::string_view family) {
    return name.size() > family.size()
           && ascii::equals_lower(name.substr(0, family.size()), family);
  };
  return std::any_of(known_fields.begin(), known_fields.end(), is) || begins(own_family)
         || std::any_of(of_dialect.asked_families.begin(), of_dialect.asked_families.end(), begins);
}

} // namespace

bool is_listed(const config::cors_settings& cors, std::string_view origin) noexcept {
  return origin != "null" && origin != head_fields::repeated
         && std::find(cors.allowed_origins.begin(), cors.allowed_origins.end(), origin)
              != cors.allowed_origins.end();
}

bool allows_origin(const config::cors_settings& cors, std::string_view origin) noexcept {
  if (origin == "null" || origin == head_fields::repeated)
    return false;
  return cors.allow_any || is_listed(cors, origin);
}

bool is_preflight(method verb, const head_fields& fields) noexcept {
  return verb == method::options && fields.origin && fields.access_control_request_method;
}

void append_cors_fields(std::string& lines, std::string_view origin,
                        const dialect::header_fields& of_dialect) {
  append_header(lines, "access-control-allow-origin", origin);
  std::string exposed{exposed_fields};
  if (!of_dialect.answered.empty())
    exposed.append(", ").append(of_dialect.answered);
  append_header(lines, "access-control-expose-headers", exposed);
  append_header(lines, "vary", "Origin");
}

void append_preflight_fields(std::string& lines, const head_fields& fields,
                             std::string_view allowed_methods, bool listed,
                             const dialect::header_fields& of_dialect) {
  append_header(lines, "access-control-allow-methods", allowed_methods);
  std::string allowed;
  std::size_t granted = 0;
  auto asked = fields.access_control_request_headers.value_or(std::string_view{});
  while (!asked.empty() && granted < granted_max) {
    const auto comma = asked.find(',');
    const auto name = ascii::trim(asked.substr(0, comma));
    const bool valid = !name.empty() && ascii::all_in(ascii::token, name);
    if (listed ? valid : is_known(name, of_dialect)) {
      ++granted;
      if (!allowed.empty())
        allowed += ", ";
      allowed += name;
    }
    asked.remove_prefix(comma == std::string_view::npos ? asked.size() : comma + 1);
  }
  append_header(lines, "access-control-allow-headers", allowed);
  append_header(lines, "access-control-max-age", "600");
  if (fields.access_control_request_private_network)
    append_header(lines, "access-control-allow-private-network", "true");
}

} // namespace ccapi::http
