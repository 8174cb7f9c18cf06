#include "http/answers/answer_log.hpp"

#include <algorithm>
#include <array>

namespace ccapi::http {

namespace {

/// Refusals that depend on more than the request: on the key, the time, others, or the load.
constexpr std::array passing{401U, 403U, 408U, 409U, 425U, 429U, 499U};

} // namespace

void answer_log::forget_until(std::size_t position) {
  const auto gone = std::max(position, forgotten_) - forgotten_;
  if (gone == 0 || gone < body_.size() / 2)
    return;
  body_ = body_.substr(gone); // gives its memory back, too
  forgotten_ += gone;
}

std::string_view answer_log::from(std::size_t position) const noexcept {
  const std::string_view kept = body_;
  return kept.substr(std::min(std::max(position, forgotten_) - forgotten_, kept.size()));
}

bool answer_log::can_be_repeated() const noexcept {
  if (last_ != stream_piece::last || !head_ || !is_whole())
    return false;
  const auto status = head_->status;
  const bool refused = status >= 400 && status < 500;
  return (status >= 200 && status < 300)
         || (refused && std::find(passing.begin(), passing.end(), status) == passing.end());
}

std::size_t answer_log::bytes() const noexcept {
  return sizeof *this + body_.capacity()
         + (head_ ? head_->content_type.capacity() + head_->fields.capacity() : 0);
}

} // namespace ccapi::http
