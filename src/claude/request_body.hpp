#pragma once
// request_body: the members of the API's request that a turn's settings set. Internal to this room.

#include "domain/models/turn_settings.hpp"

#include <string>

namespace ccapi::claude {

/// A JSON object, or nothing if none is set. `tools_declared`: as in encoder.hpp.
std::string request_body(const domain::turn_settings& settings, bool tools_declared);

} // namespace ccapi::claude
