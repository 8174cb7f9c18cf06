#pragma once
// What the Messages API said about a request it refused, taken out of the CLI's error text and
// made fit for a client. Internal to this room.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::claude {

/// At most `size_max` bytes of `text`, not cut inside a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t size_max);

/// True for text that may name a file, a host, an address or a port of this machine or its
/// network. Rather too often than not often enough.
bool may_tell_internals(std::string_view text);

/// What follows the CLI's "API Error: NNN ", as text or from the API's JSON error; at most 400
/// bytes. Empty if there is nothing that a client may see.
std::string api_words(std::string_view text, std::int64_t status);

} // namespace ccapi::claude
