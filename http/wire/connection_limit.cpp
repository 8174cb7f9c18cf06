#include "http/wire/connection_limit.hpp"

namespace ccapi::http {

std::optional<connection_limit::place> connection_limit::admit(const std::string& address) {
  if (total_.load() >= total_max_)
    return std::nullopt;
  if (!address.empty()) {
    const std::lock_guard lock{mutex_};
    auto& count = by_address_[address];
    if (count >= per_address_max_)
      return std::nullopt;
    ++count;
  }
  ++total_;
  return place{shared_from_this(), address};
}

std::optional<connection_limit::place> connection_limit::admit_to_refusal() {
  if (refused_.load() >= refused_max)
    return std::nullopt;
  ++refused_;
  return place{shared_from_this(), {}, place::kind::refused};
}

void connection_limit::leave(const std::string& address, place::kind what) {
  if (!address.empty()) {
    const std::lock_guard lock{mutex_};
    const auto entry = by_address_.find(address);
    if (entry != by_address_.end() && --entry->second == 0)
      by_address_.erase(entry);
  }
  if (--(what == place::kind::refused ? refused_ : total_) == 0)
    notify_if_empty();
}

void connection_limit::when_empty(std::function<void()> done) {
  {
    const std::lock_guard lock{mutex_};
    when_empty_ = std::move(done);
  }
  notify_if_empty();
}

void connection_limit::notify_if_empty() {
  std::function<void()> done;
  {
    const std::lock_guard lock{mutex_};
    if (total_.load() != 0 || refused_.load() != 0)
      return;
    done = std::move(when_empty_);
    when_empty_ = nullptr;
  }
  if (done)
    done();
}

} // namespace ccapi::http
