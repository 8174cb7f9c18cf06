#include "domain/cache/answer_shelf.hpp"

#include <utility>

namespace ccapi::domain {

std::size_t cache_entry::bytes() const noexcept {
  // Two lists and a table of the owner, a table of this thread, blocks of the allocator.
  constexpr std::size_t around = 320;
  auto sum = sizeof *this + around + key_bytes.size() + answer.text.size() + answer.reasoning.size()
             + answer.model.size();
  for (const auto& each : answer.dropped)
    sum += sizeof each + each.size();
  return sum;
}

bool answer_shelf::keep(pointer entry, steady_time now, std::vector<pointer>& gone) {
  const auto bytes = entry->bytes();
  expire(now, gone);
  if (const auto found = places_.find(entry->hash); found != places_.end())
    remove(**found->second.by_use, gone);
  if (bytes > limits_.entry_bytes_max || bytes > limits_.bytes_max || limits_.entries_max == 0)
    return false;
  make_room(limits_.entries_max - 1, limits_.bytes_max - bytes, gone);
  bytes_ += bytes;
  by_age_.push_back(entry);
  by_use_.push_front(std::move(entry));
  places_.emplace(by_use_.front()->hash, place{by_use_.begin(), std::prev(by_age_.end())});
  return true;
}

bool answer_shelf::touch(const cache_entry& entry) noexcept {
  const auto found = places_.find(entry.hash);
  if (found == places_.end() || found->second.by_use->get() != &entry)
    return false;
  by_use_.splice(by_use_.begin(), by_use_, found->second.by_use);
  return true;
}

void answer_shelf::expire(steady_time now, std::vector<pointer>& gone) {
  while (!by_age_.empty() && now - by_age_.front()->made_at > limits_.age_max)
    remove(*by_age_.front(), gone);
}

void answer_shelf::set_limits(const limits& within, steady_time now, std::vector<pointer>& gone) {
  limits_ = within;
  expire(now, gone);
  make_room(limits_.entries_max, limits_.bytes_max, gone);
}

void answer_shelf::clear(std::vector<pointer>& gone) {
  while (!by_age_.empty())
    remove(*by_age_.front(), gone);
}

void answer_shelf::remove(const cache_entry& entry, std::vector<pointer>& gone) {
  const auto found = places_.find(entry.hash);
  bytes_ -= entry.bytes();
  gone.push_back(std::move(*found->second.by_use));
  by_use_.erase(found->second.by_use);
  by_age_.erase(found->second.by_age);
  places_.erase(found);
}

void answer_shelf::make_room(std::size_t entries, std::size_t bytes, std::vector<pointer>& gone) {
  while (places_.size() > entries || bytes_ > bytes) {
    if (by_use_.back()->used.exchange(false, std::memory_order_relaxed)) {
      by_use_.splice(by_use_.begin(), by_use_, std::prev(by_use_.end()));
      continue;
    }
    remove(*by_use_.back(), gone);
    ++evictions_;
  }
}

} // namespace ccapi::domain
