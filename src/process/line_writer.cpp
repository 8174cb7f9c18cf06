#include "process/line_writer.hpp"

#include "domain/invariant.hpp"

#include <utility>

namespace ccapi::process {

bool line_writer::push(std::string line) {
  if (line.size() >= bytes_max_ - pending_)
    return false;
  line.push_back('\n');
  pending_ += line.size();
  lines_.push_back(std::move(line));
  return true;
}

std::span<const char> line_writer::front() const noexcept {
  return lines_.empty() ? std::span<const char>{}
                        : std::span<const char>{lines_.front()}.subspan(written_);
}

void line_writer::consume(std::size_t size) {
  if (!domain::invariant(size <= pending_, "no more is written than was pushed"))
    size = pending_;
  pending_ -= size;
  while (size > 0 && !lines_.empty()) {
    const std::size_t left = lines_.front().size() - written_;
    if (size < left) {
      written_ += size;
      return;
    }
    size -= left;
    written_ = 0;
    lines_.pop_front();
  }
}

} // namespace ccapi::process
