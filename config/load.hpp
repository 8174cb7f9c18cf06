#pragma once
// Makes the settings out of files, environment and flags. Every mistake in every source is
// reported at once, each with its place.

#include "config/settings.hpp"
#include "config/source.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ccapi::config {

/// Where to look. From weakest to strongest: built-in defaults,
/// /etc/claude-code-api/config.toml, config/$RUN_MODE.toml ("development" if unset),
/// config/local.toml, `config_file`, .env, environment, flags.
struct source_options {
  /// Holds `config/` and `.env`; empty = the working directory.
  std::string directory;
  /// Must exist when given; relative paths are taken from the working directory.
  std::optional<std::string> config_file;
  /// "NAME=value", as the process got it.
  std::vector<std::string> environment;
  /// Key ("server.port") and text.
  std::vector<std::pair<std::string, std::string>> flags;
  bool read_system_file = true;
};

/// Which source gave a key its value: "default", "config/local.toml:3", a variable's name.
struct origin {
  std::string_view key;
  std::string source;
};

struct loaded {
  settings values;
  /// One per key, in the order of the schema.
  std::vector<origin> origins;
  /// Sentences for the operator.
  std::vector<std::string> warnings;
  /// Variables of .env that are not ours, for the environment of the program (and so, by
  /// claude.env_allow, of the CLI). Those that the environment has already are left out.
  std::vector<variable> extra_variables;
};

/// Reads all sources. Fails with: every problem found, in the order of the sources. Reads files;
/// call it at start, from any thread.
std::variant<loaded, std::vector<problem>> load(const source_options& options);

/// "config/local.toml:3: server.port must be from 0 to 65535".
std::string to_string(const problem& given);

} // namespace ccapi::config
