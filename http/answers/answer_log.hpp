#pragma once
// answer_log: what has been said of an answer so far, as it can be said again. Pure.

#include "http/answers/exchange.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace ccapi::http {

/// As response_head, with texts of its own.
struct logged_head {
  unsigned status = 200;
  std::string content_type{};
  std::string fields{}; ///< complete lines
  bool close = false;
  bool streamed = false; ///< it leaves piece by piece

  explicit logged_head(const response_head& head, bool as_stream)
    : status{head.status},
      content_type{head.content_type},
      fields{head.extra},
      close{head.close},
      streamed{as_stream} {}
};

/// Bytes of the body are counted from the first one that was said, also where those at the front
/// have been forgotten. One thread while it grows; any number once it is over.
class answer_log {
public:
  /// Again: in place of a head that nobody was told.
  void begin(std::shared_ptr<const logged_head> head) noexcept { head_ = std::move(head); }
  void append(std::string_view bytes, stream_piece piece);
  /// Nobody will want what is ahead of `position`: its memory goes, as far as whole parts are.
  void forget_until(std::size_t position);

  /// Null: it has not begun.
  [[nodiscard]] const std::shared_ptr<const logged_head>& head() const noexcept { return head_; }
  /// How it ended; middle: it has not.
  [[nodiscard]] stream_piece last() const noexcept { return last_; }
  [[nodiscard]] bool over() const noexcept { return last_ != stream_piece::middle; }
  /// Bytes that have been said.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// What was said from there on, or the first part of it; empty only at the end. What was appended
  /// at once to an empty log is one part.
  [[nodiscard]] std::string_view from(std::size_t position) const noexcept;
  /// Nothing has been forgotten.
  [[nodiscard]] bool is_whole() const noexcept { return whole_; }
  /// It is whole and over, and would be the same for anybody who asked again: a success, or a
  /// refusal of what the client sent. What time heals, or another key, is none.
  [[nodiscard]] bool can_be_repeated() const noexcept;
  /// Memory that it takes once so many more bytes have been appended; estimated.
  [[nodiscard]] std::size_t bytes_with(std::size_t more) const noexcept;

private:
  struct part {
    std::size_t begin; ///< of the bytes that were ever said
    std::string bytes; ///< never beyond its capacity
  };

  std::shared_ptr<const logged_head> head_;
  std::deque<part> parts_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0; ///< of the parts
  bool whole_ = true;
  stream_piece last_ = stream_piece::middle;
};

} // namespace ccapi::http
