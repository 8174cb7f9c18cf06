#include "http/answers/exchange.hpp"
#include "http/answers/reply.hpp"
#include "http/endpoints.hpp"
#include "http/http_shard.hpp"
#include "http/router.hpp"
#include "json/writer.hpp"

#include <string>

namespace ccapi::http::endpoints {

void show_overview(exchange& client) {
  std::string body = R"({"name":"claude-code-api","version":)";
  json::append_string(body, client.shard().version);
  body += R"(,"base_url":"/v1","openapi":"/openapi.json","health":"/health","endpoints":[)";
  for (const auto& each : api) {
    body += &each == &api.front() ? R"(")" : R"(,")";
    body += to_string(each.verb);
    body += ' ';
    body += each.pattern;
    body += '"';
  }
  body += "]}";
  reply_json(client, body);
}

void show_openapi(exchange& client) {
  reply_json(client, client.shard().openapi);
}

void show_methods(exchange& client) {
  std::string extra;
  append_header(extra, "allow", find_route(method::options, client.request().path).allow);
  client.reply({.status = 204, .extra = extra}, {});
}

} // namespace ccapi::http::endpoints
