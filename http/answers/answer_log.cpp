#include "http/answers/answer_log.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace ccapi::http {

namespace {

/// Refusals that depend on more than the request: on the key, the time, others, or the load.
constexpr std::array passing{401U, 403U, 408U, 409U, 425U, 429U, 499U};

/// Of a part as a rule.
constexpr std::size_t part_bytes = std::size_t{4} << 10;

std::size_t room_in(const std::string& part) noexcept {
  return part.capacity() - part.size();
}

} // namespace

void answer_log::append(std::string_view bytes, stream_piece piece) {
  if (!bytes.empty()) {
    if (parts_.empty() || bytes.size() > room_in(parts_.back().bytes)) {
      part made{.begin = size_, .bytes = {}};
      made.bytes.reserve(std::max(bytes.size(), part_bytes));
      parts_.push_back(std::move(made));
      capacity_ += parts_.back().bytes.capacity();
    }
    parts_.back().bytes += bytes;
    size_ += bytes.size();
  }
  last_ = piece;
}

void answer_log::forget_until(std::size_t position) {
  while (parts_.size() > 1 && parts_[1].begin <= position) {
    capacity_ -= parts_.front().bytes.capacity();
    parts_.pop_front();
    whole_ = false;
  }
}

std::string_view answer_log::from(std::size_t position) const noexcept {
  const auto behind =
    std::upper_bound(parts_.begin(), parts_.end(), position,
                     [](std::size_t at, const part& of) { return at < of.begin; });
  if (behind == parts_.begin())
    return {};
  const auto& in = *std::prev(behind);
  return std::string_view{in.bytes}.substr(std::min(position - in.begin, in.bytes.size()));
}

bool answer_log::can_be_repeated() const noexcept {
  if (last_ != stream_piece::last || !head_ || !is_whole())
    return false;
  const auto status = head_->status;
  const bool refused = status >= 400 && status < 500;
  return (status >= 200 && status < 300)
         || (refused && std::find(passing.begin(), passing.end(), status) == passing.end());
}

std::size_t answer_log::bytes_with(std::size_t more) const noexcept {
  const bool fits = more == 0 || (!parts_.empty() && more <= room_in(parts_.back().bytes));
  return sizeof *this + capacity_ + (fits ? 0 : std::max(more, part_bytes))
         + (head_ ? head_->content_type.capacity() + head_->fields.capacity() : 0);
}

} // namespace ccapi::http
