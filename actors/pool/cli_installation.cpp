#include "actors/pool/cli_installation.hpp"

#include "claude/capabilities.hpp"
#include "claude/launch.hpp"
#include "process/executable.hpp"
#include "process/launcher.hpp"
#include "process/private_directory.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace ccapi::actors {

namespace {

constexpr std::chrono::seconds version_timeout{10};
constexpr std::chrono::seconds model_list_timeout{10};

std::string_view variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string_view entry : environment)
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  return {};
}

/// The CLI may tell the model its working directory, so it gets one that says nothing: empty, our
/// own, closed to others. Gives its path. Fails with: cli_unavailable.
domain::result<std::string> neutral_directory() {
  std::error_code failure;
  const auto parent = std::filesystem::temp_directory_path(failure);
  const auto path = failure ? std::filesystem::path{}
                            : std::filesystem::absolute(parent, failure)
                                / ("claude-code-api-" + std::to_string(getuid()));
  if (failure)
    return domain::error{.code = domain::error_code::cli_unavailable,
                         .detail = "the directory for temporary files: " + failure.message()};
  if (const auto made = process::open_private_directory(path.string()); !made)
    return made.error();
  return path.string();
}

/// Fills directory; empty: all is well, else what is wrong.
std::string directory_trouble(cli_installation& found) {
  auto directory = neutral_directory();
  if (!directory)
    return "The Claude Code CLI has no place to run in. " + directory.error().detail
           + ". Remove what is there, or set TMPDIR to a directory that you may write to, then "
             "start the gateway again.";
  found.directory = *std::move(directory);
  return {};
}

std::vector<std::string> with_first(std::vector<std::string> first, std::vector<std::string> rest) {
  first.insert(first.end(), std::make_move_iterator(rest.begin()),
               std::make_move_iterator(rest.end()));
  return first;
}

/// Fills cli_version; empty: all is well, else what is wrong.
std::string version_trouble(cli_installation& found, const std::string& shim,
                            const observe::logger& log) {
  const process::spawn_spec ask{.program = found.health.cli_path,
                                .arguments = with_first(found.first_arguments, {"--version"}),
                                .environment = found.environment,
                                .directory = found.directory,
                                .private_directory = true};
  const auto text = process::run_to_end(shim, ask, version_timeout);
  if (!text) {
    log.warning("`claude --version` failed", {{"detail", text.error().detail}});
    return "The Claude Code CLI at " + found.health.cli_path
           + " does not run: `claude --version` failed. Try that yourself, install the CLI again "
             "(npm install -g @anthropic-ai/claude-code) or correct claude.command, then start "
             "the gateway again.";
  }
  const auto version = claude::parse_version(*text);
  if (!version)
    return "The program at " + found.health.cli_path
           + " is not the Claude Code CLI: its --version makes no sense. Correct claude.command, "
             "then start the gateway again.";
  found.health.cli_version = claude::to_string(*version);
  switch (claude::check(*version)) {
  case claude::support::supported:
    return {};
  case claude::support::untested_newer:
    log.warning("CLI is newer than any that was tested",
                {{"version", found.health.cli_version},
                 {"newest_tested", claude::to_string(claude::newest_tested)}});
    return {};
  case claude::support::too_old:
    return "The Claude Code CLI is too old: version " + found.health.cli_version + "; at least "
           + claude::to_string(claude::oldest_supported)
           + " is needed. Update it (npm install -g @anthropic-ai/claude-code), then start the "
             "gateway again.";
  }
  return {};
}

/// The models that the CLI knows by name; none if it does not tell.
std::vector<claude::listed_model>
ask_for_models(const cli_installation& found, const std::string& shim, const observe::logger& log) {
  const auto version = claude::parse_version(found.health.cli_version);
  auto spec = found.spec_for({"default"}, false);
  if (!version || !spec)
    return {};
  spec->first_input = claude::model_list_request(*version);
  const auto text = process::run_to_end(shim, *spec, model_list_timeout);
  auto models = text ? claude::read_model_list(*text) : std::vector<claude::listed_model>{};
  if (models.empty())
    log.warning("CLI does not list its models; what they take is learnt from its answers",
                {{"detail", text ? std::string{} : text.error().detail}});
  return models;
}

} // namespace

domain::result<process::spawn_spec> cli_installation::spec_for(const domain::process_kind& kind,
                                                               bool ahead) const {
  auto arguments = claude::arguments({.model = kind.model, .bare = bare});
  if (!arguments)
    return std::move(arguments).error();
  return process::spawn_spec{.program = health.cli_path,
                             .arguments = with_first(first_arguments, *std::move(arguments)),
                             .environment = environment,
                             .directory = directory,
                             .first_input =
                               ahead ? claude::first_lines_ahead() : claude::first_line(),
                             .unhurried = ahead,
                             .private_directory = true};
}

void cli_installation::add_models_to(config::models_settings& settings) const {
  if (settings.list != config::models_settings{}.list)
    return;
  const auto add = [&](const std::string& name) {
    if (name != "default"
        && std::find(settings.list.begin(), settings.list.end(), name) == settings.list.end())
      settings.list.push_back(name);
  };
  for (const auto& model : models) {
    add(model.name);
    add(model.id);
  }
}

std::string cli_installation::identity() const {
  struct stat found {};
  if (health.cli_path.empty() || ::stat(health.cli_path.c_str(), &found) != 0)
    return {};
  std::string text;
  for (const auto part :
       {std::uint64_t{found.st_dev}, std::uint64_t{found.st_ino},
        static_cast<std::uint64_t>(found.st_size), static_cast<std::uint64_t>(found.st_mtim.tv_sec),
        static_cast<std::uint64_t>(found.st_mtim.tv_nsec)})
    text.append(std::to_string(part)).append(1, ' ');
  return text;
}

cli_installation find_installation(const config::claude_settings& settings, const std::string& shim,
                                   const char* const* parent_environment,
                                   const observe::logger& log,
                                   const std::optional<stand_in>& demo) {
  cli_installation found;
  found.health.demo = demo.has_value();
  if (demo)
    found.first_arguments = {demo->first_argument};
  found.environment =
    claude::environment(settings.env_allow, parent_environment, settings.max_retries);
  found.bare =
    settings.bare == config::bare_mode::on
    || (settings.bare == config::bare_mode::automatic && claude::has_api_key(found.environment));
  const auto path =
    demo ? domain::result<std::string>{demo->program}
         : process::find_executable(settings.command, variable(found.environment, "PATH"));
  std::string trouble;
  if (path) {
    found.health.cli_path = *path;
    trouble = directory_trouble(found);
    if (trouble.empty())
      trouble = version_trouble(found, shim, log);
  } else {
    trouble = path.error().message;
  }
  if (trouble.empty() && !demo)
    found.models = ask_for_models(found, shim, log);
  if (!trouble.empty()) {
    found.health.state = domain::health_state::degraded;
    found.health.reason = trouble;
    found.health.cli_path.clear();
  }
  return found;
}

} // namespace ccapi::actors
