#pragma once
// conversation_lines: conversations as JSON lines, to carry them from one store to another. First a
// header; then each conversation, followed by its turns in the order of their numbers; at the end a
// line that says how many there were. Payloads are in the lines.

#include "domain/result.hpp"
#include "domain/store/store.hpp"
#include "json/reader.hpp"

#include <cstdint>
#include <string>
#include <variant>

namespace ccapi::store {

/// Goes up when a line means something else than before; readers refuse what they do not know.
inline constexpr std::int64_t lines_version = 1;

struct header_line {
  std::int64_t version = lines_version;
};
struct turn_line {
  domain::turn_number number = 0;
  domain::stored_turn turn;
};
struct end_line {
  std::uint64_t conversations = 0;
  std::uint64_t turns = 0;

  friend bool operator==(const end_line&, const end_line&) = default;
};
using conversation_line =
  std::variant<header_line, domain::stored_conversation, turn_line, end_line>;

/// Appends it with its line break.
void append_line(std::string& out, const header_line& line);
void append_line(std::string& out, const domain::stored_conversation& line);
void append_line(std::string& out, const turn_line& line);
void append_line(std::string& out, const end_line& line);

/// One thread.
class line_reader {
public:
  /// `text` without its line break; it gets spare capacity. Each value has been checked by itself,
  /// not whether lines fit together. Fails with: invalid_request; `message` quotes no content.
  domain::result<conversation_line> read(std::string& text);

private:
  json::reader reader_{{.depth = 32, .values = 50'000'000}};
};

} // namespace ccapi::store
