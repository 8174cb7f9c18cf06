#pragma once
// What single sources of configuration say (a TOML file, environment variables), read against the
// schema but not yet merged.

#include "config/schema.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ccapi::config {

/// Something the operator has to mend.
struct problem {
  /// "config/local.toml:3", the name of a variable, or "command line".
  std::string where;
  std::string text;

  friend bool operator==(const problem&, const problem&) = default;
};

/// One key that a source mentions.
struct entry {
  /// "section.key" as found; `row` is null if the schema has no such key.
  std::string name;
  std::string where;
  const key* row = nullptr;
  /// With a row: the value, or why it can't be used.
  value_or_problem content;
  /// False where the value says "off" or "nothing": false, "", [].
  bool says_something = true;
};

/// NAME and value of an environment variable.
using variable = std::pair<std::string, std::string>;

/// Entries of a TOML text, in the order of their lines. A text that is no TOML gives no entries and
/// one problem. `file` names it in `where`.
std::vector<entry> entries_of_toml(std::string_view text, const std::string& file,
                                   std::vector<problem>& problems);

/// Entries of CLAUDE_CODE__SECTION__KEY variables and of RUST_LOG, which comes first (weakest).
/// Other variables are none of our business. `origin` goes before the name in `where`.
std::vector<entry> entries_of_variables(const std::vector<variable>& variables,
                                        std::string_view origin);

/// An entry from text, as variables and flags give it.
entry entry_of_text(std::string name, std::string where, std::string_view text);

/// "NAME=value" strings taken apart; of a repeated name the last one counts.
std::vector<variable> variables_of(const std::vector<std::string>& environment);

/// Variables of a `.env` file: NAME=value lines, optionally after `export`; '#' starts a comment;
/// values may stand in single quotes (taken literally) or double quotes (\n, \t, \", \\, \$).
/// Nothing is expanded.
std::vector<variable> variables_of_dotenv(std::string_view text, const std::string& file,
                                          std::vector<problem>& problems);

/// The level that a RUST_LOG value asks of this program ("debug", "claude_code_api=trace,info"),
/// as a word of log.level; empty if it names none.
std::string level_of_rust_log(std::string_view directives);

} // namespace ccapi::config
