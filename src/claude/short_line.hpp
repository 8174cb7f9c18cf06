#pragma once
// The short way for the lines of which most turns consist. Internal to this room.

#include "claude/known_bytes.hpp"
#include "claude/message.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ccapi::claude {

class line_cursor;

/// Reads lines in the shape that the CLI writes (2.1.197 to 2.1.332) without a JSON parser: the
/// events of an answer's stream, its echo, its result, and notes about its progress. All other
/// lines, those with anything unusual, and all that a subagent says, are left to the parser: the
/// answer is the parser's or none.
class short_lines {
public:
  /// False: it is for the parser to judge. Views in `out` are of constants, or live until the next
  /// call. A pair of surrogates may be split over two deltas; it is read whole with the second.
  bool read(std::string_view line, message& out);

  /// What the parser has read.
  void note_init(std::string_view line, const system_init& what);
  /// A block of the answer is over: the first half of a character at its end will not be completed.
  void drop_half() noexcept { half_ = 0; }

  /// Bytes of memory that grow with the lines.
  [[nodiscard]] std::size_t capacity() const noexcept { return text_.capacity(); }
  void free_memory() { text_ = {}; }

private:
  bool read_event(line_cursor& rest, message& out);
  bool read_delta(line_cursor& rest, message& out);
  bool read_delta_text(line_cursor& rest, std::int64_t index, delta_kind kind, message& out);
  bool read_block_start(line_cursor& rest, message& out);
  bool read_message_start(line_cursor& rest, message& out);
  bool read_message_delta(line_cursor& rest, message& out);
  bool read_lifecycle(line_cursor& rest, message& out);
  bool read_system(line_cursor& rest, message& out);
  bool read_assistant(line_cursor& rest, message& out);
  bool read_assistant_message(line_cursor& rest, assistant& out);
  bool read_result(line_cursor& rest, message& out);
  bool read_event_end(line_cursor& rest);
  static bool read_end(line_cursor& rest, known_bytes& usual);
  bool keep_string(line_cursor& rest, std::string_view& out);
  bool keep_text(line_cursor& rest, std::string_view& out);
  bool read_content(line_cursor& rest, std::string_view& out);

  std::string text_;          ///< what views point to; never grows while there are some
  char16_t half_ = 0;         ///< of a character whose other half is in the next delta
  known_bytes event_end_;     ///< of the last stream event that was judged
  known_bytes lifecycle_end_; ///< of the last such line
  known_bytes init_;          ///< the last one
  std::string model_;         ///< of `init_`
};

} // namespace ccapi::claude
