#include "http/endpoints.hpp"
#include "http/exchange.hpp"
#include "http/site.hpp"
#include "openai/stats.hpp"

#include <string_view>

namespace ccapi::http::endpoints {

namespace {

/// True for "verbose", alone or with a value, among the query's parameters.
bool asks_for_details(std::string_view query) noexcept {
  constexpr std::string_view name = "verbose";
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto parameter = query.substr(0, end);
    if (parameter.substr(0, parameter.find('=')) == name)
      return true;
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  }
  return false;
}

} // namespace

void show_health(exchange& client) {
  auto& site = client.site();
  auto health = site.gateway.current_health();
  if (site.draining())
    health.state = domain::health_state::draining;
  const unsigned status = health.state == domain::health_state::draining ? 503 : 200;
  constexpr std::string_view fresh = "cache-control: no-store\r\n";
  const auto& request = client.request();
  if (!request.caller.admin) // who has no business here learns up or down, nothing else
    health = {.state = health.state, .reason = {}, .cli_path = {}, .cli_version = {}};
  if (request.accepts_json || asks_for_details(request.query))
    return client.reply({.status = status, .extra = fresh},
                        openai::health_body(health, site.version));
  const auto word = health.state == domain::health_state::ok ? std::string_view{"OK"}
                                                             : openai::to_string(health.state);
  client.reply({.status = status, .content_type = text_type, .extra = fresh}, word);
}

} // namespace ccapi::http::endpoints
