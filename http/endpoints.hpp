#pragma once
// The whole API on one page. Every path also works without /v1, with /v1 twice, and with one
// trailing slash; HEAD works where GET does, OPTIONS everywhere.

#include "dialect/protocol.hpp"
#include "domain/metrics/metrics.hpp"
#include "http/request.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ccapi::http {

class exchange;

/// Answers one request, at once or later. Runs on the connection's I/O thread.
using handler = void (*)(exchange&);

namespace endpoints {
void create_turn(exchange& client);         ///< endpoints/turns.cpp
void create_conversation(exchange& client); ///< endpoints/conversations.cpp
void list_conversations(exchange& client);  ///< endpoints/conversations.cpp
void show_conversation(exchange& client);   ///< endpoints/conversations.cpp
void update_conversation(exchange& client); ///< endpoints/conversations.cpp
void delete_conversation(exchange& client); ///< endpoints/conversations.cpp
void list_models(exchange& client);         ///< endpoints/models.cpp
void show_model(exchange& client);          ///< endpoints/models.cpp
void show_health(exchange& client);         ///< endpoints/health.cpp
void show_liveness(exchange& client);       ///< endpoints/health.cpp
void show_readiness(exchange& client);      ///< endpoints/health.cpp
void show_stats(exchange& client);          ///< endpoints/stats.cpp
void show_metrics(exchange& client);        ///< endpoints/stats.cpp
void show_overview(exchange& client);       ///< endpoints/overview.cpp
void show_openapi(exchange& client);        ///< endpoints/overview.cpp
void show_methods(exchange& client);        ///< endpoints/overview.cpp; OPTIONS of any route
} // namespace endpoints

/// The dialects that the endpoints speak, plugged in from outside. None is null.
struct dialects {
  const dialect::protocol* openai;
  /// Of what has none itself: the gateway's own endpoints, and requests that lead nowhere.
  const dialect::protocol* otherwise;
};
using dialect_choice = const dialect::protocol* dialects::*;
inline constexpr dialect_choice default_dialect = &dialects::otherwise;

/// Whom an endpoint answers where API keys are configured.
enum class access : std::uint8_t {
  open,  ///< everybody; a key is looked at, but not asked for
  key,   ///< any key
  admin, ///< keys with `admin`
};

struct endpoint {
  std::string_view pattern; ///< below /v1; a last {id} takes one segment, a last {model} the rest
  method verb;              ///< get (serves HEAD, too), post or del
  dialect_choice speaks;    ///< of its refusals, too, those ahead of the handler included
  handler handle;
  access allowed = access::key;
  bool answers_while_draining = false; ///< all others are refused with 503 then
};

inline constexpr std::array api{
  endpoint{"/chat/completions", method::post, &dialects::openai, endpoints::create_turn},
  endpoint{"/conversations", method::get, &dialects::openai, endpoints::list_conversations},
  endpoint{"/conversations", method::post, &dialects::openai, endpoints::create_conversation},
  endpoint{"/conversations/{id}", method::get, &dialects::openai, endpoints::show_conversation},
  endpoint{"/conversations/{id}", method::post, &dialects::openai, endpoints::update_conversation},
  endpoint{"/conversations/{id}", method::del, &dialects::openai, endpoints::delete_conversation},
  endpoint{"/models", method::get, &dialects::openai, endpoints::list_models},
  endpoint{"/models/{model}", method::get, &dialects::openai, endpoints::show_model},
  endpoint{"/health", method::get, default_dialect, endpoints::show_health, access::open, true},
  endpoint{"/healthz", method::get, default_dialect, endpoints::show_health, access::open, true},
  endpoint{"/livez", method::get, default_dialect, endpoints::show_liveness, access::open, true},
  endpoint{"/readyz", method::get, default_dialect, endpoints::show_readiness, access::open, true},
  endpoint{"/stats", method::get, default_dialect, endpoints::show_stats, access::admin, true},
  endpoint{"/metrics", method::get, default_dialect, endpoints::show_metrics, access::admin, true},
  endpoint{"/openapi.json", method::get, default_dialect, endpoints::show_openapi, access::key,
           true},
  endpoint{"/", method::get, default_dialect, endpoints::show_overview, access::key, true},
};

/// Answers are counted by the patterns of the API; those of requests that lead nowhere, last.
inline constexpr std::size_t unrouted = domain::routes_max - 1;
static_assert(api.size() <= unrouted);

/// Where answers of each row are counted: rows of one pattern together.
inline constexpr auto route_numbers = [] {
  std::array<std::size_t, api.size()> numbers{};
  for (std::size_t row = 0; row < api.size(); ++row)
    while (api[numbers[row]].pattern != api[row].pattern)
      ++numbers[row];
  return numbers;
}();

/// `found` is a row of `api`, or what leads nowhere.
constexpr std::size_t route_number(const endpoint* found) noexcept {
  for (std::size_t row = 0; row < api.size(); ++row)
    if (found == &api[row])
      return route_numbers[row];
  return unrouted;
}

/// By route_number; empty where there is none.
inline constexpr auto route_names = [] {
  std::array<std::string_view, domain::routes_max> names{};
  for (std::size_t row = 0; row < api.size(); ++row)
    names[route_numbers[row]] = api[row].pattern;
  names[unrouted] = "(none)";
  return names;
}();

} // namespace ccapi::http
