#pragma once
// checks: rules that the language of conditions can't express, as api_checks.py has them: pairs of
// calls and results, schemas of tools.

#include "api_rules.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace api_rules {

/// What the text of a refusal names, or nothing if there is nothing to refuse.
using named_check = std::optional<std::map<std::string, std::string>> (*)(const request& what);

/// Null if only Python has a check of this name.
named_check find_check(std::string_view name);

} // namespace api_rules
