#pragma once
// decoder: one stdout line of the Claude CLI -> message.

#include "claude/message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>

namespace ccapi::claude {

/// The line is no JSON object. `why` is a constant text.
struct malformed {
  std::string_view why;
};

using decoded = std::variant<message, malformed>;

/// Not thread-safe; one per CLI process. Key order, unknown keys and ill-typed values don't matter.
/// Invalid UTF-8 and unpaired surrogate escapes are read as U+FFFD; a pair that is split over two
/// deltas of a text is read whole with the second. Memory: about 3 bytes per byte
/// of the longest recent line; what a giant line took goes back with the next small one.
class decoder {
public:
  decoder();
  ~decoder();
  decoder(decoder&&) noexcept;
  decoder& operator=(decoder&&) noexcept;

  /// At least 64 bytes behind `line` must be readable (as process::line_reader grants). The
  /// answer's views live until the next call of decode() or trim(); they don't point into `line`.
  decoded decode(std::string_view line);

  /// Gives back the memory of a giant line; for the pause between two turns.
  void trim();

  /// Lines of an unknown type or subtype so far.
  [[nodiscard]] std::uint64_t unknown_lines() const noexcept { return unknown_; }
  /// Lines that were no JSON object so far.
  [[nodiscard]] std::uint64_t malformed_lines() const noexcept { return malformed_; }

private:
  struct memory;

  decoded parse(std::string_view line);

  std::unique_ptr<memory> memory_;
  std::uint64_t unknown_ = 0;
  std::uint64_t malformed_ = 0;
};

} // namespace ccapi::claude
