#include "process/byte_ring.hpp"

#include "domain/utf8_character.hpp"
#include "process/secrets.hpp"

#include <algorithm>

namespace ccapi::process {
namespace {

/// Left out of a text without line ends that lost its beginning, up to the next space behind it:
/// no header line with a credential is expected to be longer.
constexpr std::size_t headless_bytes = 1 << 10;

std::string_view without_headless_line(std::string_view text) {
  const std::size_t line_end = text.substr(0, headless_bytes).find('\n');
  if (line_end != std::string_view::npos)
    return text.substr(line_end + 1);
  const std::size_t word_end = text.find_first_of(" \n", headless_bytes);
  return word_end == std::string_view::npos ? std::string_view{} : text.substr(word_end + 1);
}

} // namespace

void byte_ring::append(std::string_view bytes) {
  if (bytes.size() > capacity_) {
    bytes.remove_prefix(bytes.size() - capacity_);
    dropped_ = true;
  }
  const std::size_t growth = std::min(bytes.size(), capacity_ - bytes_.size());
  if (growth > 0) // oldest_ is 0 as long as there is room
    bytes_ += bytes.substr(0, growth);
  for (bytes.remove_prefix(growth); !bytes.empty();) {
    const std::size_t size = std::min(bytes.size(), capacity_ - oldest_);
    std::copy_n(bytes.data(), size, bytes_.data() + oldest_);
    oldest_ = (oldest_ + size) % capacity_;
    bytes.remove_prefix(size);
    dropped_ = true;
  }
}

std::string byte_ring::tail(std::size_t bytes_max) const {
  const std::string in_order = bytes_.substr(oldest_) + bytes_.substr(0, oldest_);
  const std::string clean =
    scrub_secrets(dropped_ ? without_headless_line(in_order) : std::string_view{in_order});
  std::string_view end = clean;
  if (end.size() > bytes_max) {
    end.remove_prefix(end.size() - bytes_max);
    for (int cut = 0; cut < 3 && !end.empty() && domain::continues_character(end.front()); ++cut)
      end.remove_prefix(1);
  }
  return std::string{end};
}

} // namespace ccapi::process
