#pragma once
// What the CLI's line about a limit of the account means to others.

#include "claude/message.hpp"
#include "domain/rate_limits.hpp"

namespace ccapi::claude {

/// A status that is not known counts as allowed; numbers are kept in bounds. Source: the schema
/// that the CLI declares (2.1.197, 2.1.332); not seen live.
domain::rate_limit rate_limit_of(const rate_limit_event& line);

} // namespace ccapi::claude
