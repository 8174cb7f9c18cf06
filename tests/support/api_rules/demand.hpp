#pragma once
// demand: what a condition wants of one value, by name, such as above, blank or not_in.

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace api_rules {

/// JSON equality: 1 is 1.0, but true is not 1.
bool same(const boost::json::value& a, const boost::json::value& b);

/// Whether `value` fulfils the demand. Throws std::runtime_error for a name that there is not.
bool fulfils(std::string_view demand, const boost::json::value& value,
             const boost::json::value& operand);

/// The first key of an object that is none of `known`.
std::optional<std::string> key_beyond(const boost::json::value& value,
                                      const boost::json::value& known);

/// Characters of a string, elements of an array or keys of an object; -1 for others.
long long size_of(const boost::json::value& value);

} // namespace api_rules
