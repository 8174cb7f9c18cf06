#include "status/health_body.hpp"

#include "json/object_writer.hpp"

namespace ccapi::status {

std::string_view to_string(domain::health_state state) noexcept {
  switch (state) {
  case domain::health_state::ok:
    return "ok";
  case domain::health_state::degraded:
    return "degraded";
  case domain::health_state::draining:
    return "draining";
  }
  return "degraded";
}

std::string health_body(const domain::health& health, std::string_view version) {
  std::string body;
  json::object_writer root{body};
  root.text("status", to_string(health.state));
  root.text("reason", health.reason);
  root.text("version", version);
  if (health.demo)
    root.flag("demo", true);
  // The simulator is no CLI, though it takes the place of one.
  json::object_writer{root.key("cli")}
    .text("path", health.demo ? std::string_view{} : health.cli_path)
    .text("version", health.demo ? std::string_view{} : health.cli_version)
    .close();
  root.close();
  return body;
}

} // namespace ccapi::status
