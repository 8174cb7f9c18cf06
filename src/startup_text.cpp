#include "startup_text.hpp"

#include <chrono>

namespace ccapi {

namespace {

/// What curl wants to hear to reach the address.
std::string curl_target(std::string_view address) {
  constexpr std::string_view unix_prefix = "unix:";
  if (address.starts_with(unix_prefix))
    return "--unix-socket " + std::string{address.substr(unix_prefix.size())} + " http://localhost";
  return (address.starts_with("https:") ? "" : "http://") + std::string{address};
}

bool has_scheme(std::string_view address) {
  return address.starts_with("https:") || address.starts_with("unix:");
}

} // namespace

std::string startup_text(std::string_view version, const std::vector<std::string>& addresses,
                         const domain::health& health, const config::settings& settings) {
  const auto seconds =
    std::chrono::duration_cast<std::chrono::seconds>(settings.claude.timeout).count();
  std::string text = "claude-code-api " + std::string{version} + "\n";
  for (const auto& address : addresses)
    text +=
      "  listens on   " + (has_scheme(address) ? "" : std::string{"http://"}) + address + "\n";
  if (health.cli_path.empty())
    text += "  Claude CLI   NOT USABLE: " + health.reason + "\n";
  else
    text += "  Claude CLI   " + health.cli_path + ", version " + health.cli_version + "\n";
  text += "  profile      chat: the CLI gets no tools, no files and no settings of yours\n";
  text += "  limits       " + std::to_string(settings.claude.max_concurrent_sessions)
          + " processes (up to 256 MB each), " + std::to_string(settings.limits.queue_max)
          + " requests waiting, " + std::to_string(seconds) + " s a turn\n";
  if (!addresses.empty())
    text += "  try it       curl " + curl_target(addresses.front())
            + "/v1/chat/completions -H 'Content-Type: application/json' \\\n"
              "                 -d '{\"messages\": [{\"role\": \"user\", \"content\": "
              "\"Hello!\"}]}'\n";
  return text;
}

} // namespace ccapi
