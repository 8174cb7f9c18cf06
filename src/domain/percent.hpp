#pragma once
// percent: texts as they stand in URLs. Pure; any thread.

#include <optional>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// Each %XX as its byte; nothing if a '%' stands before anything else than two hex digits.
std::optional<std::string> percent_decoded(std::string_view text);

} // namespace ccapi::domain
