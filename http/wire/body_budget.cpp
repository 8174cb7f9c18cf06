#include "http/wire/body_budget.hpp"

#include <algorithm>

namespace ccapi::http {

bool body_budget::take(std::size_t bytes) noexcept {
  auto taken = taken_.load();
  do {
    const auto most = bytes_max_.load();
    if (taken > most || bytes > most - taken)
      return false;
  } while (!taken_.compare_exchange_weak(taken, taken + bytes));
  return true;
}

bool body_budget::share::resize(std::size_t bytes) noexcept {
  const auto wanted = bytes > free_bytes ? bytes - free_bytes : 0;
  if (wanted > charged_ && !owner_->take(wanted - charged_))
    return false;
  if (wanted < charged_)
    owner_->taken_ -= charged_ - wanted;
  charged_ = wanted;
  return true;
}

void body_budget::share::release() noexcept {
  owner_->taken_ -= std::exchange(charged_, 0);
}

bool body_budget::share::has_room_for(std::size_t length) const noexcept {
  const auto most = owner_->bytes_max();
  const auto taken = owner_->taken();
  return length + padding <= free_bytes || (taken <= most && length <= most - taken);
}

bool make_room(body_buffer& body, std::size_t more, std::size_t size_max, body_budget::share& held,
               std::size_t beside) {
  const auto needed = body.size() + more + body_budget::padding;
  if (needed <= body.capacity())
    return true;
  const auto fits = [&](std::size_t bytes) {
    return held.resize(body.taken_while_growing_to(body_buffer::capacity_for(bytes)) + beside);
  };
  if (body.empty())
    body.release(); // so that nothing is copied
  auto room = std::max(needed, std::min(std::max(2 * body.capacity(), body_budget::free_bytes),
                                        size_max + body_budget::padding));
  if (!fits(room) && !fits(room = needed))
    return false;
  body.reserve(room);
  static_cast<void>(held.resize(body.capacity() + beside)); // what it grew out of is gone
  return true;
}

} // namespace ccapi::http
