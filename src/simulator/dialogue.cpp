#include "simulator/dialogue.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace ccapi::simulator {

namespace {

constexpr std::size_t beginning_bytes_max = 120;

bool continues_a_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

} // namespace

std::string excerpt(std::string_view text, std::size_t bytes_max) {
  auto end = std::min(text.size(), bytes_max);
  while (end > 0 && end < text.size() && continues_a_character(text[end]))
    --end;
  std::string shown{text.substr(0, end)};
  for (char& each : shown)
    if (static_cast<unsigned char>(each) < 0x20)
      each = ' ';
  return end < text.size() ? shown + "…" : shown;
}

void dialogue::add_user(std::string uuid, std::string_view text) {
  messages_.push_back({true, std::move(uuid), excerpt(text, beginning_bytes_max), text.size()});
}

void dialogue::add_assistant(std::string_view text) {
  messages_.push_back({false, {}, excerpt(text, beginning_bytes_max), text.size()});
}

bool dialogue::rewind(std::string_view uuid) {
  const auto last = std::find_if(messages_.rbegin(), messages_.rend(), [](const message& each) {
    return each.from_user && !each.uuid.empty();
  });
  if (last == messages_.rend() || last->uuid != uuid)
    return false;
  messages_.erase(std::prev(last.base()), messages_.end());
  return true;
}

std::size_t dialogue::of_users() const noexcept {
  return static_cast<std::size_t>(std::count_if(
    messages_.begin(), messages_.end(), [](const message& each) { return each.from_user; }));
}

std::string_view dialogue::beginning() const noexcept {
  return messages_.empty() ? std::string_view{} : messages_.front().beginning;
}

std::size_t dialogue::bytes() const noexcept {
  return std::accumulate(messages_.begin(), messages_.end(), std::size_t{0},
                         [](std::size_t sum, const message& each) { return sum + each.bytes; });
}

} // namespace ccapi::simulator
