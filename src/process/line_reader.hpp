#pragma once
// line_reader: bytes of a pipe -> lines, in one growing buffer. Pure memory, no I/O.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace ccapi::process {

/// Not thread-safe; one per pipe. Starts small (4 KiB), grows up to line_bytes_max + one read (at
/// most 64 KiB), and shrinks again when a giant line is gone. Behind every line that is handed out
/// at least `padding` bytes are readable (a JSON parser may look there).
/// Use: commit(read into writable()), then next_line() until it gives nothing, and so on.
class line_reader {
public:
  static constexpr std::size_t padding = 64;

  /// A line of exactly `line_bytes_max` bytes (without its line end) is still handed out.
  explicit line_reader(std::size_t line_bytes_max);

  /// Free space to read into: at least 4 KiB. Invalidates views that next_line() gave.
  std::span<char> writable();
  /// `size` bytes were put at the front of writable().
  void commit(std::size_t size);

  /// The next whole line, without its '\n' (and without a '\r' before it); valid until
  /// writable() is called. Empty lines are handed out, too.
  std::optional<std::string_view> next_line();

  /// A line is longer than the limit: the child must go. Sticky; what is read later is dropped.
  [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
  /// Bytes held that were not handed out yet.
  [[nodiscard]] std::size_t pending() const noexcept { return end_ - begin_; }
  /// Bytes of memory in use.
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

private:
  void overflow() noexcept;
  void move_to(std::size_t capacity);

  std::size_t line_bytes_max_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0; ///< with the padding
  std::size_t begin_ = 0;    ///< first byte not handed out
  std::size_t scanned_ = 0;  ///< no '\n' in [begin_, scanned_)
  std::size_t end_ = 0;      ///< behind the last byte read
  bool filled_ = false;      ///< the last read took all the space there was
  bool overflowed_ = false;
};

} // namespace ccapi::process
