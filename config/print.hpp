#pragma once
// Writes the configuration out: the effective values, the defaults, the documentation.

#include "config/load.hpp"

#include <string>
#include <string_view>

namespace ccapi::config {

/// Every key with its value and where it came from, as TOML that can be loaded again. Secrets are
/// shown as comments without their value.
std::string print(const loaded& given);

/// Every key with its default and its help: the content of config/default.toml.
std::string default_toml();

/// The content of docs/configuration.md.
std::string configuration_markdown();

/// One line of TOML without its line break: `port = 8080 # default`.
std::string toml_line(const key& row, const value& given, std::string_view remark);

} // namespace ccapi::config
