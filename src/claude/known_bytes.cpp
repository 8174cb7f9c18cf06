#include "claude/known_bytes.hpp"

#include "claude/line_cursor.hpp"

#include <algorithm>
#include <cstring>

namespace ccapi::claude {

void known_bytes::remember(std::string_view bytes) {
  constexpr std::size_t size_max = std::size_t{16} << 10;
  constexpr std::string_view before = R"(,"uuid":")";
  bytes_.clear();
  if (bytes.size() > size_max)
    return;
  bytes_ = bytes;
  const auto found = bytes.rfind(before);
  id_at_ = found == std::string_view::npos ? bytes.size() : found + before.size();
  id_size_ = std::min(bytes.find('"', id_at_), bytes.size()) - id_at_;
}

bool known_bytes::match(std::string_view bytes) const noexcept {
  if (bytes.size() != bytes_.size() || bytes.empty())
    return false;
  const auto same = [&](std::size_t from, std::size_t to) {
    return std::memcmp(bytes.data() + from, bytes_.data() + from, to - from) == 0;
  };
  const auto id_end = id_at_ + id_size_;
  bool ascii = true;
  return same(0, id_at_) && same(id_end, bytes.size())
         && string_run({bytes.data() + id_at_, id_size_}, ascii) == id_size_ && ascii;
}

} // namespace ccapi::claude
