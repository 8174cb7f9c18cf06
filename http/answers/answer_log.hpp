#pragma once
// answer_log: what has been said of an answer so far, as it can be said again. Pure.

#include "http/answers/exchange.hpp"

#include <cstddef>
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
  void append(std::string_view bytes, stream_piece piece) {
    body_ += bytes;
    last_ = piece;
  }
  /// Nobody will want what is ahead of `position`. It goes once it is most of what there is.
  void forget_until(std::size_t position);

  /// Null: it has not begun.
  [[nodiscard]] const std::shared_ptr<const logged_head>& head() const noexcept { return head_; }
  /// How it ended; middle: it has not.
  [[nodiscard]] stream_piece last() const noexcept { return last_; }
  [[nodiscard]] bool over() const noexcept { return last_ != stream_piece::middle; }
  /// Bytes that have been said.
  [[nodiscard]] std::size_t size() const noexcept { return forgotten_ + body_.size(); }
  /// What was said from there on.
  [[nodiscard]] std::string_view from(std::size_t position) const noexcept;
  /// Nothing has been forgotten.
  [[nodiscard]] bool is_whole() const noexcept { return forgotten_ == 0; }
  /// It is whole and over, and would be the same for anybody who asked again: a success, or a
  /// refusal of what the client sent. What time heals, or another key, is none.
  [[nodiscard]] bool can_be_repeated() const noexcept;
  /// Memory that it takes, estimated.
  [[nodiscard]] std::size_t bytes() const noexcept;

private:
  std::shared_ptr<const logged_head> head_;
  std::string body_;
  std::size_t forgotten_ = 0;
  stream_piece last_ = stream_piece::middle;
};

} // namespace ccapi::http
