#pragma once
// secrets: takes credentials out of what a child wrote.

#include <string>
#include <string_view>

namespace ccapi::process {

/// Replaces what looks like a credential (sk-ant-..., Bearer ..., x-api-key: ...) by "***". A
/// secret whose head is missing can't be recognised: cut texts after this call, not before.
std::string scrub_secrets(std::string_view text);

} // namespace ccapi::process
