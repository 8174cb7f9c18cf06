#include "process/line_reader.hpp"

#include "domain/invariant.hpp"

#include <algorithm>
#include <cstring>

namespace ccapi::process {
namespace {

/// Least space for one read; also what an idle reader costs.
constexpr std::size_t read_min = 4 << 10;
/// A pipe holds 64 KiB by default: more space would not make a read larger.
constexpr std::size_t read_max = 64 << 10;

} // namespace

line_reader::line_reader(std::size_t line_bytes_max)
  : line_bytes_max_{line_bytes_max} {}

void line_reader::overflow() noexcept {
  overflowed_ = true;
  begin_ = scanned_ = end_ = 0;
}

void line_reader::move_to(std::size_t capacity) {
  auto moved = std::make_unique<char[]>(capacity);
  if (pending() > 0)
    std::memcpy(moved.get(), buffer_.get() + begin_, pending());
  buffer_ = std::move(moved);
  capacity_ = capacity;
  end_ -= begin_;
  scanned_ -= begin_;
  begin_ = 0;
}

std::span<char> line_reader::writable() {
  // One byte more for a '\r', which does not count.
  const std::size_t pending_max = line_bytes_max_ + 1;
  // A caller that reads on without taking the lines must not make us grow without end.
  if (overflowed_ || pending() > pending_max + read_max)
    overflow();

  const bool giant_gone = capacity_ > padding + 2 * read_max && pending() < read_min;
  if (capacity_ == 0 || giant_gone) {
    move_to(padding + pending() + read_min);
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, pending());
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  const bool wants_larger_reads = filled_ && capacity_ < padding + read_max;
  if (wants_larger_reads || capacity_ - padding - end_ < read_min) {
    const std::size_t largest = padding + pending_max + 2 * read_max;
    move_to(std::max(std::min(2 * capacity_, largest), padding + end_ + read_min));
  }
  filled_ = false;
  const std::size_t space = std::min(capacity_ - padding - end_, read_max);
  return {buffer_.get() + end_, space};
}

void line_reader::commit(std::size_t size) {
  if (!domain::invariant(end_ + size + padding <= capacity_, "no more is read than was prepared"))
    size = capacity_ - padding - end_;
  end_ += size;
  filled_ = end_ + padding == capacity_;
}

std::optional<std::string_view> line_reader::next_line() {
  if (overflowed_)
    return std::nullopt;
  const char* const unscanned = buffer_.get() + scanned_;
  const void* const found =
    end_ > scanned_ ? std::memchr(unscanned, '\n', end_ - scanned_) : nullptr;
  if (found == nullptr) {
    scanned_ = end_;
    const bool may_end_in_cr = pending() == line_bytes_max_ + 1 && buffer_[end_ - 1] == '\r';
    if (pending() > line_bytes_max_ && !may_end_in_cr)
      overflow();
    return std::nullopt;
  }
  const char* const first = buffer_.get() + begin_;
  auto size = static_cast<std::size_t>(static_cast<const char*>(found) - first);
  begin_ += size + 1;
  scanned_ = begin_;
  if (size > 0 && first[size - 1] == '\r')
    --size;
  if (size > line_bytes_max_) {
    overflow();
    return std::nullopt;
  }
  return std::string_view{first, size};
}

} // namespace ccapi::process
