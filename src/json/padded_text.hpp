#pragma once
// padded_text: what json::reader reads, with the bytes behind it that simdjson may look at.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ccapi::json {

/// A view; the reader may change what it shows.
class padded_text {
public:
  /// simdjson's SIMDJSON_PADDING.
  static constexpr std::size_t padding = 64;

  /// Gives the string spare capacity, if it has too little.
  padded_text(std::string& text) { // NOLINT: as good as the string itself
    text.reserve(text.size() + padding);
    bytes_ = text;
  }
  /// `padding` bytes behind the text may be read.
  static padded_text of(std::span<char> text) noexcept { return padded_text{text}; }

  [[nodiscard]] std::span<char> bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), bytes_.size()}; }

private:
  explicit padded_text(std::span<char> text) noexcept
    : bytes_{text} {}

  std::span<char> bytes_;
};

} // namespace ccapi::json
