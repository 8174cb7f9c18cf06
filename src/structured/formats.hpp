#pragma once
// formats: the values of "format" that are checked here.

#include <memory>
#include <re2/re2.h>
#include <string_view>

namespace ccapi::structured {

/// Null: an unknown one, which says nothing of the value. Lives for ever.
const RE2* format_named(std::string_view name);

/// A pattern of a schema (ECMA 262), as far as it can be matched in linear time. Null: it can't;
/// `why` says why not.
std::unique_ptr<RE2> read_pattern(std::string_view pattern, std::string& why);

} // namespace ccapi::structured
