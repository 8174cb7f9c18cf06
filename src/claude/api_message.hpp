#pragma once
// What the Messages API, or the CLI itself, said about a turn that it refused: taken out of the
// CLI's error text, understood as far as it is about the account, and made fit for a client.
// Internal to this room.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ccapi::claude {

/// At most `size_max` bytes of `text`, not cut inside a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t size_max);

/// The sentence inside the CLI's text: without "API Error: 400 " and the like in front of it, out
/// of the API's JSON error, and without the CLI's advice to a person at its terminal. Empty if
/// there is none. As it came; at most some KiB.
std::string sentence_of(std::string_view text);

/// A sentence as a client may see it: masked, on one line, at most 1000 bytes.
std::string shown(std::string_view sentence);

/// What sentences about the account stand for.
enum class account_trouble : std::uint8_t {
  none,
  no_credit,  ///< money: only the owner can change it
  disabled,   ///< the organisation or the key is closed
  limit,      ///< passes by itself
  overloaded, ///< not the account's fault
};

/// Tells by the sentences that the API and the CLI are known to use. A sentence that only quotes
/// one of them, as errors about a client's fields may, stands for nothing.
account_trouble account_trouble_of(std::string_view sentence);

/// How long until the time that the sentence names as the end of a limit, at least 1 s. Only what
/// is certain: Unix time, or a time of day or date in UTC.
std::optional<std::chrono::seconds> time_to_named_reset(std::string_view sentence,
                                                        std::chrono::system_clock::time_point now);

} // namespace ccapi::claude
