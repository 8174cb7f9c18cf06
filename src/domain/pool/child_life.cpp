#include "domain/pool/child_life.hpp"

#include <utility>

namespace ccapi::domain {

std::string_view to_string(child_state state) noexcept {
  switch (state) {
  case child_state::starting:
    return "starting";
  case child_state::spare:
    return "spare";
  case child_state::leased:
    return "leased";
  case child_state::handover:
    return "handover";
  case child_state::retiring:
    return "retiring";
  case child_state::ending:
    return "ending";
  case child_state::evicted:
    return "evicted";
  }
  return "leased";
}

bool child_life::move(child_state from, child_state to) noexcept {
  if (state_ != from)
    return false;
  state_ = to;
  return true;
}

bool child_life::become_spare() noexcept {
  return move(child_state::starting, child_state::spare);
}

bool child_life::lease_started(const process_origin& origin, steady_time now) noexcept {
  if (!move(child_state::starting, child_state::leased))
    return false;
  origin_ = origin;
  booting_since_ = now;
  return true;
}

bool child_life::lease_spare(const process_origin& origin, steady_time now) noexcept {
  if (!move(child_state::spare, child_state::leased))
    return false;
  origin_ = origin;
  busy_since_ = now;
  return true;
}

bool child_life::end_unused() noexcept {
  return move(child_state::spare, child_state::ending)
         || move(child_state::starting, child_state::ending);
}

bool child_life::evict() noexcept {
  return move(child_state::spare, child_state::evicted);
}

bool child_life::begin_handover(const idle_report& report, steady_time now) noexcept {
  if (!may_be_handed_over(report))
    return false;
  state_ = child_state::handover;
  busy_since_ = now;
  turns_at_handover_ = report.turns;
  return true;
}

bool child_life::end_handover() noexcept {
  return move(child_state::handover, child_state::leased);
}

bool child_life::retire() noexcept {
  return move(child_state::leased, child_state::retiring);
}

bool child_life::refuse_retirement() noexcept {
  return move(child_state::retiring, child_state::leased);
}

bool child_life::in_use() const noexcept {
  return state_ == child_state::leased || state_ == child_state::handover
         || state_ == child_state::retiring;
}

bool child_life::makes_room() const noexcept {
  return state_ == child_state::retiring || state_ == child_state::evicted;
}

bool child_life::serves(const process_origin& origin) const noexcept {
  return leads_back_ && origin_ == origin && !makes_room();
}

bool child_life::may_be_handed_over(const idle_report& report) const noexcept {
  return state_ == child_state::leased && report.leads_back && report.turns != turns_at_handover_;
}

std::optional<steady_time::duration> child_life::booted(steady_time now) noexcept {
  const auto since = std::exchange(booting_since_, std::nullopt);
  if (!since)
    return std::nullopt;
  busy_since_ = now;
  return now - *since;
}

std::optional<steady_time::duration> child_life::rested(const idle_report& report) noexcept {
  leads_back_ = report.leads_back;
  const auto since = std::exchange(busy_since_, std::nullopt);
  if (!since || report.turns != turns_at_handover_ + 1)
    return std::nullopt;
  return report.idle_since - *since;
}

} // namespace ccapi::domain
