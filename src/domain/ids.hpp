#pragma once
// Identifiers: making them and checking what clients send.

#include "domain/home.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::domain {

/// Names one CLI child for as long as the gateway runs; never reused.
using process_id = std::uint64_t;

/// How unique_number divides its 64 bits, the most significant part first. At 10,000 numbers a
/// second a thread's counter lasts for 13 years.
inline constexpr unsigned node_bits = 10;
inline constexpr unsigned shard_bits = 12;
inline constexpr unsigned counter_bits = 64 - node_bits - shard_bits;
/// How many nodes and threads of a node can be told apart.
inline constexpr std::uint32_t nodes_max = 1U << node_bits;
inline constexpr std::uint32_t shards_max = 1U << shard_bits;

/// A number that nobody else gives out while the nodes run, and never 0: names a turn or a lease.
/// `maker`: who gives it out, below nodes_max and shards_max (no part ever reaches into its
/// neighbour). `given`: how many it has given out before; what comes after the last begins anew.
constexpr std::uint64_t unique_number(const home& maker, std::uint64_t given) noexcept {
  constexpr auto last = (std::uint64_t{1} << counter_bits) - 1;
  const std::uint64_t node = maker.node % nodes_max;
  const std::uint64_t shard = maker.shard % shards_max;
  return ((node << shard_bits | shard) << counter_bits) | (given % last + 1);
}

/// Fills a buffer from the kernel's random source. Any thread.
void fill_random(unsigned char* buffer, std::size_t size);

// What needs which: a conversation's id opens it to whoever knows it (within its tenant), and a key
// opens everything: nobody may guess these. Ids of requests, answers and the CLI's messages only
// have to be unique; they get the same bits, which cost no more.

/// 32 lower-case hex digits: 128 bits of the kernel's random source. Any thread.
std::string random_hex_128();

/// A random UUID (version 4) in the usual form: 122 such bits. Any thread.
std::string random_uuid();

/// True for an id as placement::mint_conversation_id makes them.
bool is_minted_conversation_id(std::string_view id) noexcept;

/// True for [A-Za-z0-9._-]{1,128}.
bool is_valid_conversation_id(std::string_view id) noexcept;

/// True for a value that may stand in argv: [A-Za-z0-9][A-Za-z0-9._:@/\[\]-]{0,127}.
bool is_safe_argument(std::string_view value) noexcept;

/// True for 1..128 visible ASCII characters: a client's request id that is safe to echo and log.
bool is_safe_request_id(std::string_view id) noexcept;

} // namespace ccapi::domain
