#pragma once
// content: what a message holds, block by block, and when two messages count as the same. Pure; any
// thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ccapi::domain {

/// System and developer text is no message: it is the request's system prompt.
enum class role : std::uint8_t { user, assistant };

/// Valid UTF-8; in a message never empty.
struct text_block {
  std::string text;

  friend bool operator==(const text_block&, const text_block&) = default;
};

/// One piece of a message. Readers visit it with a function for each kind, so that a new kind does
/// not compile before all of them know it: the functions of content.cpp and claude/encoder. The
/// dialects' parsers make it.
using block = std::variant<text_block>;

/// One message of a dialogue. An assistant's text is one block; where a user's blocks end counts.
struct message {
  message() = default;
  /// With one block of text; with none if that is empty.
  message(domain::role who, std::string text);

  friend bool operator==(const message&, const message&) = default;

  domain::role role = domain::role::user;
  std::vector<block> content;
};

/// The texts of all its blocks, one behind the other.
std::string plain_text(const message& what);

/// Makes the text longer that the message ends with, or begins one.
void append_text(message& what, std::string_view text);

/// The part of a text that counts when dialogues are compared: all but the white space (space,
/// tab, CR, LF, FF, VT) at its end, which clients drop or add when they send an answer back.
/// Nothing else is forgiven: case, inner and leading space and line endings are content.
std::string_view canonical_text(std::string_view text) noexcept;

/// Nothing of it counts.
bool says_nothing(const message& what) noexcept;

/// Same role and same blocks, but for what canonical_text leaves out at the end of the last one.
bool same_message(const message& a, const message& b) noexcept;

/// What counts of what.content[index] when messages are compared. Lives as long as the message.
std::string_view canonical_bytes(const message& what, std::size_t index) noexcept;

/// Memory behind a text, or a message, beside the object itself; estimated.
std::size_t heap_bytes(const std::string& text) noexcept;
std::size_t heap_bytes(const message& what) noexcept;

/// Gives back memory that it does not need.
void shrink(message& what);

} // namespace ccapi::domain
