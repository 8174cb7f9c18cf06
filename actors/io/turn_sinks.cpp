#include "actors/io/turn_sinks.hpp"

#include <utility>

namespace ccapi::actors {

local_sink::local_sink(over_callback over, std::shared_ptr<domain::event_sink> target)
  : over_{std::move(over)},
    target_{std::move(target)} {}

void local_sink::on_event(domain::event&& what) {
  if (!target_)
    return;
  if (!domain::is_terminal(what))
    return target_->on_event(std::move(what));
  over_(what);
  // Kept until on_flush, which still belongs to this event.
  target_->on_event(std::move(what));
  finished_ = true;
}

void local_sink::on_flush() {
  if (!target_)
    return;
  if (!finished_)
    return target_->on_flush();
  std::exchange(target_, nullptr)->on_flush();
}

remote_sink::remote_sink(mail_callback mail)
  : mail_{std::move(mail)} {}

void remote_sink::on_event(domain::event&& what) {
  finished_ = finished_ || domain::is_terminal(what);
  batch_.push_back(std::move(what));
}

void remote_sink::on_flush() {
  if (!batch_.empty())
    mail_(std::exchange(batch_, {}), finished_);
}

abandonment_guard::abandonment_guard(std::shared_ptr<const bool> owner_alive,
                                     std::shared_ptr<domain::event_sink> target)
  : owner_alive_{std::move(owner_alive)},
    target_{std::move(target)} {}

abandonment_guard::~abandonment_guard() {
  if (finished_ || !*owner_alive_)
    return;
  target_->on_event(
    domain::turn_failed{{.code = domain::error_code::internal,
                         .message = "The gateway lost track of the conversation."}});
  target_->on_flush();
}

void abandonment_guard::on_event(domain::event&& what) {
  finished_ = finished_ || domain::is_terminal(what);
  target_->on_event(std::move(what));
}

void abandonment_guard::on_flush() {
  target_->on_flush();
}

} // namespace ccapi::actors
