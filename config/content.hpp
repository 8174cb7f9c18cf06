#pragma once
// What the texts, lists and tables of certain keys may hold. Each check returns what is wrong
// ("must not be empty") or nothing, and takes a value of the type that its name suggests.

#include "config/value.hpp"

#include <optional>
#include <string>

namespace ccapi::config {

using problem_text = std::optional<std::string>;

/// A text with something visible in it.
problem_text not_empty(const value& given);
/// Any text that a C string can hold.
problem_text no_nul(const value& given);
/// The name of a model, not the word that stands for the default one.
problem_text real_model(const value& given);
/// A list of non-empty texts.
problem_text filled_list(const value& given);
/// A list of host names without wildcards, or with "*" for all of them.
problem_text host_names(const value& given);
/// A list of hosts of URLs, as `name`, `name:port` or `[IPv6 address]`, or with "*" for all of
/// them.
problem_text url_hosts(const value& given);
/// The same without "*".
problem_text named_url_hosts(const value& given);
/// A list of web origins: scheme://host[:port], nothing behind.
problem_text origins(const value& given);
/// A list of absolute paths.
problem_text absolute_paths(const value& given);
/// A list of names of environment variables; '*' only at the end.
problem_text variable_patterns(const value& given);
/// A table without empty names or texts.
problem_text filled_table(const value& given);

} // namespace ccapi::config
