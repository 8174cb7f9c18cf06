#pragma once
// cli_installation: which Claude CLI there is, whether it will do, and how to start it.

#include "claude/model_list.hpp"
#include "config/settings.hpp"
#include "domain/metrics/status.hpp"
#include "domain/pool/process_kind.hpp"
#include "domain/result.hpp"
#include "observe/log.hpp"
#include "process/child_process.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ccapi::actors {

/// Found once, at start. Not an actor; immutable after find().
struct cli_installation {
  domain::health health; ///< ok, or degraded with what to do; cli_path is empty if unusable
  bool bare = false;
  std::vector<std::string> first_arguments; ///< argv in front of what the CLI is told
  std::vector<std::string> environment;
  std::vector<claude::listed_model> models; ///< what the CLI knows by name; empty: it told none
  std::string directory; ///< neutral working directory of processes that have no workspace

  /// How to start a process of this kind. `ahead`: a spare. Fails with: invalid_request.
  [[nodiscard]] domain::result<process::spawn_spec> spec_for(const domain::process_kind& kind,
                                                             bool ahead) const;
  /// Adds the CLI's own names to a list that nobody has configured.
  void add_models_to(config::models_settings& settings) const;
  /// Tells the CLI that is there now from one that takes its place; empty if there is none. One
  /// look at the file system.
  [[nodiscard]] std::string identity() const;
};

/// What takes the place of the CLI in demo mode.
struct stand_in {
  std::string program; ///< absolute path
  std::string first_argument;
};

/// Looks the command up (or takes the stand-in), asks it for its version (blocks up to 10 s) and
/// makes the neutral directory. Never fails: what is wrong is in `health`, for the caller to tell;
/// the log gets what helps to find out more. `parent_environment` is as `environ`.
cli_installation find_installation(const config::claude_settings& settings, const std::string& shim,
                                   const char* const* parent_environment,
                                   const observe::logger& log,
                                   const std::optional<stand_in>& demo = std::nullopt);

} // namespace ccapi::actors
