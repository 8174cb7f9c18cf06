#pragma once
// byte_ring: the last bytes of a stream that nobody may need, such as a child's stderr.

#include <cstddef>
#include <string>
#include <string_view>

namespace ccapi::process {

/// Not thread-safe. Costs no memory before the first byte, never more than `capacity`.
class byte_ring {
public:
  explicit byte_ring(std::size_t capacity)
    : capacity_{capacity} {}

  void append(std::string_view bytes);

  /// The end of what was written, at most `bytes_max` bytes, without secrets; the logger escapes
  /// it. When older bytes were dropped, the line that lost its beginning is left out: it may hold
  /// the rest of a secret.
  [[nodiscard]] std::string tail(std::size_t bytes_max) const;

  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

private:
  std::size_t capacity_;
  std::string bytes_;
  std::size_t oldest_ = 0; ///< where the ring begins, once it is full
  bool dropped_ = false;
};

} // namespace ccapi::process
