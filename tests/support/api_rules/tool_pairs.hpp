#pragma once
// tool_pairs: what the CLI does to calls and results of a history that do not belong together.

#include <boost/json/array.hpp>

namespace api_rules {

/// A call without a result gets one ("missing"), ahead of the others; a result without a call, or a
/// second one, is left out, and so is a call whose id has been used, with its result. What is left
/// empty gets a text.
boost::json::array paired(boost::json::array messages);

} // namespace api_rules
