#pragma once
// known_bytes: knows again what was read before. Internal to this room.

#include <cstddef>
#include <string>
#include <string_view>

namespace ccapi::claude {

/// Bytes that were judged, to know them again: a session writes the same over and over, but for the
/// value of "uuid".
class known_bytes {
public:
  /// `bytes` are JSON, or the end of JSON, without a backslash: each quote in them begins or ends a
  /// string. Too many are not remembered.
  void remember(std::string_view bytes);
  /// True for bytes that differ from the remembered ones in the value of "uuid" at most, which is
  /// another string of as many characters then.
  [[nodiscard]] bool match(std::string_view bytes) const noexcept;

private:
  std::string bytes_;
  std::size_t id_at_ = 0;
  std::size_t id_size_ = 0;
};

} // namespace ccapi::claude
