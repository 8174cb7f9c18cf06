#pragma once
// The API keys that the configuration names: what may be written, and what it comes to.

#include "config/content.hpp"
#include "config/settings.hpp"
#include "config/source.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::config {

/// A plain key: visible ASCII, this many characters at least (guessing one is then hopeless).
inline constexpr std::size_t plain_key_length_min = 16;

/// What is wrong with the name of a key.
problem_text key_name(std::string_view text);

/// Checks of the two keys. Messages name the entry by its place, never by its secret.
problem_text key_records(const value& given);
problem_text plain_keys(const value& given);

/// Where keys that are not written down are looked up.
struct key_sources {
  /// The value of an environment variable, if it is set.
  std::function<std::optional<std::string>(const std::string& name)> variable;
  /// The content of a file; the other alternative says why not.
  std::function<std::variant<std::string, problem>(const std::string& path)> file;
  /// Whether the CLI is handed that variable.
  std::function<bool(const std::string& name)> reaches_cli;
};

/// Works out the keys of checked settings. Adds a problem for each variable or file that gives no
/// usable key, for variables that the CLI would see, and for names and keys that stand twice.
std::vector<api_key> resolve_api_keys(const auth_settings& given, const key_sources& sources,
                                      std::vector<problem>& problems);

} // namespace ccapi::config
