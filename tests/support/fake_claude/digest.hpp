#pragma once
// digest: what the fake CLI knows, for clients that know what that ought to be.

#include "standin/dialogue.hpp"

#include <string>
#include <string_view>

namespace fake_claude {

/// 16 hex digits over all that a model would be told: FNV-1a, 64 bit, over fields
/// "<length>:<bytes>", namely the system prompt, the model, then of each message its results (in
/// the order of their ids: "result" or "failed", id, text), role and text, and its calls ("call",
/// id, name, arguments by value). Texts without their trailing white space; without empty ones.
std::string digest(const ccapi::standin::dialogue& known, std::string_view system_prompt,
                   std::string_view model);

} // namespace fake_claude
