#pragma once
// content: what a message holds, block by block, and when two messages count as the same. Pure; any
// thread.

#include "domain/hash128.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
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

/// A picture, checked by src/media. The bytes are shared by all that refer to it.
struct image_block {
  std::string media_type;                    ///< "image/png", ...
  std::shared_ptr<const std::string> base64; ///< never null
  hash128 hash;                              ///< of the picture's bytes

  friend bool operator==(const image_block& a, const image_block& b) noexcept {
    return a.media_type == b.media_type && a.hash == b.hash;
  }
};

/// A document, checked by src/media. Its bytes are shared as a picture's are.
struct document_block {
  std::string media_type;                  ///< "application/pdf" or "text/plain"
  std::string title;                       ///< the name of its file; may be empty
  std::shared_ptr<const std::string> data; ///< base64 of a PDF, or a text; never null
  hash128 hash;                            ///< of its bytes

  friend bool operator==(const document_block& a, const document_block& b) noexcept {
    return a.media_type == b.media_type && a.title == b.title && a.hash == b.hash;
  }
};

/// The model calls a tool.
struct tool_use_block {
  /// In a request as the client gave it, of any form, perhaps empty; in a dialogue its own, which
  /// no other call of it has (give_own_ids). Does not count when messages are compared: clients
  /// rename ids, give some twice or send none, so what belongs to what goes by place.
  std::string id;
  std::string name;      ///< as the client knows the tool
  std::string arguments; ///< a JSON object, as it was written
  /// The same with sorted keys and without what spacing and escapes add (json::canonical): what
  /// counts when calls are compared. Empty if `arguments` is that already.
  std::string canonical;

  friend bool operator==(const tool_use_block&, const tool_use_block&) = default;
};

/// What came of a call, in the user's message behind it.
struct tool_result_block {
  using part = std::variant<text_block, image_block>;

  std::string call_id;     ///< of the tool_use_block; does not count either
  std::vector<part> parts; ///< may be none; texts are not empty
  bool is_error = false;

  friend bool operator==(const tool_result_block&, const tool_result_block&) = default;
};

/// What a call is told that the client passes over: an error.
inline constexpr std::string_view not_answered = "not answered";

/// One piece of a message. Readers visit it with a function for each kind, so that a new kind does
/// not compile before all of them know it: the functions of content.cpp and claude/encoder. The
/// dialects' parsers make it.
using block =
  std::variant<text_block, tool_use_block, tool_result_block, image_block, document_block>;

/// One message of a dialogue. An assistant's text is one block, ahead of its calls, and it shows
/// neither pictures nor documents; where a user's blocks end counts. Results stand first in a
/// user's message, in the order of the calls.
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

/// Makes the text longer that the message has, or gives it one, ahead of everything else.
void append_text(message& what, std::string_view text);

/// The part of a text that counts when dialogues are compared: all but the white space (space,
/// tab, CR, LF, FF, VT) at its end, which clients drop or add when they send an answer back.
/// Nothing else is forgiven: case, inner and leading space and line endings are content.
std::string_view canonical_text(std::string_view text) noexcept;

/// Nothing of it counts.
bool says_nothing(const message& what) noexcept;

/// Same role and same blocks, but for what canonical_text leaves out at the end of the last one,
/// or of an assistant's text.
bool same_message(const message& a, const message& b) noexcept;

/// What counts of what.content[index] when messages are compared, piece by piece: how many pieces
/// there are follows from the kind and the pieces before. They live as long as the message.
template <class Take>
void each_piece(const message& what, std::size_t index, Take take);

/// The calls of an assistant's message, in order.
std::vector<const tool_use_block*> calls_of(const message& what);

/// The pictures in it, those in results included, in order.
template <class Take>
void each_image(const message& what, Take take);
/// Pictures and documents: the CLI drops the oldest beyond a number of both together.
std::size_t count_media(const message& what) noexcept;

/// It begins with the results of calls.
bool has_results(const message& what) noexcept;

/// It consists of the results of so many calls, and nothing else. 0: no.
bool answers_calls(const message& what, std::size_t calls) noexcept;

/// Memory behind a text, or a message, beside the object itself; estimated.
std::size_t heap_bytes(const std::string& text) noexcept;
std::size_t heap_bytes(const message& what) noexcept;

/// Gives back memory that it does not need.
void shrink(message& what);

// -- implementation ------------------------------------------------------------------------------

template <class Take>
void each_piece(const message& what, std::size_t index, Take take) {
  struct reader {
    bool ends_open; ///< white space at the end of a text does not count
    Take& take;

    void operator()(const text_block& each) const {
      take(ends_open ? canonical_text(each.text) : std::string_view{each.text});
    }
    void operator()(const tool_use_block& each) const {
      take(std::string_view{each.name});
      take(std::string_view{each.canonical.empty() ? each.arguments : each.canonical});
    }
    void operator()(const tool_result_block& each) const {
      take(std::string_view{each.is_error ? "error" : "result"});
      for (const auto& part : each.parts) {
        if (const auto* text = std::get_if<text_block>(&part)) {
          take(std::string_view{"text"});
          take(std::string_view{text->text});
        } else if (const auto* image = std::get_if<image_block>(&part)) {
          (*this)(*image);
        }
      }
    }
    void operator()(const image_block& each) const {
      take(std::string_view{each.media_type});
      take({reinterpret_cast<const char*>(&each.hash), sizeof each.hash});
    }
    void operator()(const document_block& each) const {
      take(std::string_view{each.media_type});
      take(std::string_view{each.title});
      take({reinterpret_cast<const char*>(&each.hash), sizeof each.hash});
    }
  };
  const bool ends_open = index + 1 == what.content.size() || what.role == role::assistant;
  std::visit(reader{ends_open, take}, what.content[index]);
}

template <class Take>
void each_image(const message& what, Take take) {
  for (const auto& each : what.content) {
    if (const auto* image = std::get_if<image_block>(&each))
      take(*image);
    else if (const auto* result = std::get_if<tool_result_block>(&each))
      for (const auto& part : result->parts)
        if (const auto* shown = std::get_if<image_block>(&part))
          take(*shown);
  }
}

} // namespace ccapi::domain
