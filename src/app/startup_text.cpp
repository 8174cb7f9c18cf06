#include "app/startup_text.hpp"

#include <chrono>
#include <cstdio>
#include <unistd.h>

namespace ccapi {

namespace {

constexpr int exit_failure = 1;
constexpr int exit_configuration = 78; // EX_CONFIG of sysexits.h

std::string answered_by(const domain::health& health) {
  if (health.cli_path.empty())
    return "  Claude CLI   NOT USABLE. " + health.reason
           + "\n"
             "               Until then, --demo shows everything but real answers.\n";
  if (health.demo)
    return "  DEMO         no Claude is asked: a simulator inside this program gives canned "
           "answers,\n"
           "               marked \"[demo]\" and x-ccapi-demo: 1. Start without --demo for real "
           "ones.\n";
  return "  Claude CLI   " + health.cli_path + ", version " + health.cli_version + "\n";
}

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
  std::string text = "claude-code-api " + std::string{version};
  text += health.demo ? " (DEMO)\n" : "\n";
  for (const auto& address : addresses)
    text +=
      "  listens on   " + (has_scheme(address) ? "" : std::string{"http://"}) + address + "\n";
  text += answered_by(health);
  if (!health.demo)
    text += "  profile      chat: the CLI gets no tools, no files and no settings of yours\n";
  const auto keys = settings.auth.accepted.size();
  text += "  access       "
          + (keys == 1  ? std::string{"with the API key of the configuration\n"}
             : keys > 1 ? "with one of " + std::to_string(keys) + " API keys\n"
                        : std::string{"without a key: everybody who reaches the address\n"});
  text += "  limits       " + std::to_string(settings.claude.max_concurrent_sessions)
          + (health.demo ? " processes, " : " processes (up to 256 MB each), ")
          + std::to_string(settings.limits.queue_max) + " requests waiting, "
          + std::to_string(seconds) + " s a turn\n";
  if (!addresses.empty())
    text += "  try it       curl " + curl_target(addresses.front())
            + "/v1/chat/completions -H 'Content-Type: application/json' "
            + (keys > 0 ? "-H 'Authorization: Bearer KEY' \\\n" : "\\\n")
            + "                 -d '{\"messages\": [{\"role\": \"user\", \"content\": "
              "\"Hello!\"}]}'\n";
  return text;
}

void announce(const observe::logger& log, std::string_view version,
              const std::vector<std::string>& addresses, const domain::health& health,
              const config::settings& settings) {
  const bool as_json = settings.log.format == "json";
  if (!as_json || isatty(STDOUT_FILENO) != 0) {
    std::fputs(startup_text(version, addresses, health, settings).c_str(), stdout);
    std::fflush(stdout);
  }
  if (!as_json)
    return;
  if (!health.reason.empty())
    log.error(health.reason);
  if (health.demo)
    log.warning("DEMO: no Claude is asked, a simulator gives canned answers");
  for (const auto& address : addresses)
    log.info("gateway listens", {{"address", address}});
}

domain::error too_few_threads(std::size_t wanted, std::size_t granted) {
  return {.code = domain::error_code::internal,
          .message =
            "The gateway needs " + std::to_string(wanted)
            + " threads beside its first one, and the system grants " + std::to_string(granted)
            + ". Raise the limit on processes and threads of this user (ulimit -u), of the "
              "service (TasksMax=, LimitNPROC=) or of the container (--pids-limit), or "
              "lower server.io_threads, then start again."};
}

domain::error start_failure(std::string_view what) {
  return {.code = domain::error_code::internal,
          .message = "The gateway could not start: " + std::string{what}
                     + ". A limit on threads (ulimit -u), descriptors (ulimit -n) or memory is too "
                       "low for it; raise it, then start again."};
}

int refuse_start(const observe::logger& log, const domain::error& why,
                 const config::settings& settings) {
  if (settings.log.format == "json")
    log.error(why.message, {{"detail", why.detail}});
  else
    std::fprintf(stderr, "claude-code-api: %s\n", why.message.c_str());
  return why.code == domain::error_code::invalid_request ? exit_configuration : exit_failure;
}

} // namespace ccapi
