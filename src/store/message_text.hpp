#pragma once
// message_text: messages as JSON text and back, nothing lost. Large payloads may be kept apart from
// it.

#include "domain/content.hpp"
#include "domain/result.hpp"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ccapi::store {

/// Pictures and system prompts of at least this many bytes are kept apart.
inline constexpr std::size_t payload_bytes_min = 1024;

/// Where payloads are kept apart from the texts that refer to them.
class payload_shelf {
public:
  virtual ~payload_shelf() = default;
  /// Gives the number, above 0, by which find() knows it; 0: it has to stay in the text.
  virtual std::int64_t keep(std::string_view bytes) = 0;
  /// Never null. Fails with: store_unavailable.
  virtual domain::result<std::shared_ptr<const std::string>> find(std::int64_t number) = 0;
};

/// Appends the messages as one JSON array. Texts that are no UTF-8, which no message should hold,
/// lose the bad bytes to U+FFFD. Without a shelf everything is in the text. One thread.
void append_messages(std::string& out, std::span<const domain::message> messages,
                     payload_shelf* shelf = nullptr);

/// What append_messages wrote. Fails with: invalid_request (`message` says what is wrong and where;
/// it quotes no content), or as the shelf does. Without a shelf no payload may be apart.
domain::result<std::vector<domain::message>> read_messages(const simdjson::dom::element& array,
                                                           payload_shelf* shelf = nullptr);
/// The same from text, which gets spare capacity.
domain::result<std::vector<domain::message>> read_messages(std::string& text,
                                                           payload_shelf* shelf = nullptr);

/// 32 hex digits, and back; false if they are not.
std::string hex_of(const domain::hash128& hash);
bool read_hex(std::string_view digits, domain::hash128& hash) noexcept;

} // namespace ccapi::store
