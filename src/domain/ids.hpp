#pragma once
// Identifiers: making them and checking what clients send.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// Names one CLI child for as long as the gateway runs; never reused.
using process_id = std::uint64_t;

/// Fills a buffer from the kernel's random source. Any thread.
void fill_random(unsigned char* buffer, std::size_t size);

/// 32 lower-case hex digits from the kernel's random source. Any thread.
std::string random_hex_128();

/// A random UUID (version 4) in the usual form. Any thread.
std::string random_uuid();

/// True for [A-Za-z0-9._-]{1,128}.
bool is_valid_conversation_id(std::string_view id) noexcept;

/// True for a value that may stand in argv: [A-Za-z0-9][A-Za-z0-9._:@/\[\]-]{0,127}.
bool is_safe_argument(std::string_view value) noexcept;

/// True for 1..128 visible ASCII characters: a client's request id that is safe to echo and log.
bool is_safe_request_id(std::string_view id) noexcept;

} // namespace ccapi::domain
