#pragma once
// The whole API on one page. Every path also works without /v1, with /v1 twice, and with one
// trailing slash; HEAD works where GET does.

#include "http/request.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace ccapi::http {

class exchange;

/// Answers one request, at once or later. Runs on the connection's I/O thread.
using handler = void (*)(exchange&);

namespace endpoints {
void create_chat_completion(exchange& client); ///< endpoints/chat_completions.cpp
void list_models(exchange& client);            ///< endpoints/models.cpp
void show_model(exchange& client);             ///< endpoints/models.cpp
void show_health(exchange& client);            ///< endpoints/health.cpp
void show_stats(exchange& client);             ///< endpoints/stats.cpp
} // namespace endpoints

/// Whom an endpoint answers where API keys are configured.
enum class access : std::uint8_t {
  open,  ///< everybody; a key is looked at, but not asked for
  key,   ///< any key
  admin, ///< keys with `admin`
};

struct endpoint {
  std::string_view pattern; ///< below /v1; a last segment {id} takes the rest of the path
  method verb;              ///< get (serves HEAD, too) or post
  handler handle;
  access allowed = access::key;
  bool answers_while_draining = false; ///< all others are refused with 503 then
};

inline constexpr std::array api{
  endpoint{"/chat/completions", method::post, endpoints::create_chat_completion},
  endpoint{"/models", method::get, endpoints::list_models},
  endpoint{"/models/{id}", method::get, endpoints::show_model},
  endpoint{"/health", method::get, endpoints::show_health, access::open, true},
  endpoint{"/stats", method::get, endpoints::show_stats, access::admin, true},
};

} // namespace ccapi::http
