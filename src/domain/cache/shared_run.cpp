#include "domain/cache/shared_run.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace ccapi::domain {

namespace {

/// Deltas become one segment of the log up to this size: each costs memory of its own, and whoever
/// comes later needs them in fewer pieces.
constexpr std::size_t segment_bytes = std::size_t{4} << 10;

std::size_t text_bytes(const event& what) noexcept {
  return sizeof what + credit_bytes(what);
}

/// A delta without its beginning, which ends where a delta ended. Other events are whole.
event behind(const event& what, std::size_t offset) {
  if (offset == 0)
    return what;
  if (const auto* text = std::get_if<text_delta>(&what))
    return text_delta{text->text.substr(offset)};
  if (const auto* reasoning = std::get_if<reasoning_delta>(&what))
    return reasoning_delta{reasoning->text.substr(offset)};
  if (const auto* input = std::get_if<tool_input_delta>(&what))
    return tool_input_delta{input->index, input->json.substr(offset)};
  return what;
}

/// How it ended for another one than the first to hear of it: what the run cost was paid once.
void take_cost_off(event& end) noexcept {
  if (auto* const finished = std::get_if<turn_finished>(&end))
    finished->usage.cost_micro_usd = 0;
  else if (auto* const failed = std::get_if<turn_failed>(&end))
    failed->usage.cost_micro_usd = 0;
}

bool is_delta(const event& what) noexcept {
  return std::holds_alternative<text_delta>(what) || std::holds_alternative<reasoning_delta>(what)
         || std::holds_alternative<tool_input_delta>(what);
}

} // namespace

std::shared_ptr<shared_run::reader> shared_run::join(turn_id turn,
                                                     std::shared_ptr<event_sink> sink) {
  auto made = std::make_shared<reader>(turn, std::move(sink), limits_.window);
  readers_.push_back(made);
  return made;
}

bool shared_run::leave(reader& who) {
  who.sink_.reset();
  forget_done();
  trim();
  return std::all_of(readers_.begin(), readers_.end(),
                     [](const auto& each) { return each->done(); });
}

void shared_run::take(event&& what) {
  if (over_)
    return;
  note(what);
  append(std::move(what));
  if (log_bytes_ > limits_.log_bytes_max)
    trimmed_ = true;
  trim();
}

void shared_run::note(const event& what) {
  if (const auto* placed = std::get_if<turn_placed>(&what))
    dropped_ = placed->dropped;
  else if (const auto* started = std::get_if<answer_started>(&what))
    fell_back_ = started->fell_back;
  else if (const auto* finished = std::get_if<turn_finished>(&what))
    finished_ = *finished;
  over_ = is_terminal(what);
}

void shared_run::append(event&& what) {
  auto* const last = log_.empty() ? nullptr : &log_.back();
  if (last && is_delta(what) && belong_together(*last, what)
      && credit_bytes(*last) + credit_bytes(what) <= segment_bytes) {
    log_bytes_ += credit_bytes(what);
    *delta_text(*last) += *delta_text(what);
    return;
  }
  log_bytes_ += text_bytes(what);
  log_.push_back(std::move(what));
}

std::optional<event> shared_run::next(reader& who) {
  for (;; ++who.segment_, who.offset_ = 0) {
    const auto index = who.segment_ - first_segment_;
    if (index >= log_.size())
      return std::nullopt;
    const auto& segment = log_[index];
    if (!is_delta(segment)) {
      if (std::exchange(who.offset_, 1) > 0)
        continue; // it knows this one
      if (credit_bytes(segment) > 0 && who.credit_ <= 0) {
        who.offset_ = 0;
        return std::nullopt;
      }
      who.credit_ -= static_cast<std::int64_t>(credit_bytes(segment));
      return segment;
    }
    const auto size = credit_bytes(segment);
    if (who.offset_ >= size) {
      if (index + 1 == log_.size())
        return std::nullopt; // it may still grow
      continue;
    }
    if (who.credit_ <= 0)
      return std::nullopt;
    who.credit_ -= static_cast<std::int64_t>(size - who.offset_);
    return behind(segment, std::exchange(who.offset_, size));
  }
}

void shared_run::feed(reader& who) {
  ++telling_;
  while (const auto sink = who.sink_) {
    auto what = next(who);
    if (!what)
      break;
    if (is_terminal(*what)) {
      if (std::exchange(cost_told_, true))
        take_cost_off(*what);
      who.sink_.reset();
      sink->on_event(*std::move(what));
      sink->on_flush();
      break;
    }
    sink->on_event(*std::move(what));
  }
  --telling_;
  trim();
}

void shared_run::feed_all() {
  ++telling_;
  // By index: one may join meanwhile.
  for (std::size_t index = 0; index < readers_.size(); ++index)
    feed(*std::shared_ptr{readers_[index]});
  --telling_;
  forget_done();
  trim();
}

void shared_run::flush(reader& who) {
  ++telling_;
  if (const auto sink = who.sink_)
    sink->on_flush();
  --telling_;
}

void shared_run::flush_all() {
  ++telling_;
  for (std::size_t index = 0; index < readers_.size(); ++index)
    flush(*std::shared_ptr{readers_[index]});
  --telling_;
  forget_done();
  trim();
}

void shared_run::tell(reader& who, event&& what) {
  ++telling_;
  if (const auto sink = who.sink_)
    sink->on_event(std::move(what));
  --telling_;
}

void shared_run::grant(reader& who, std::size_t bytes) {
  who.credit_ += static_cast<std::int64_t>(bytes);
  who.returned_ += bytes;
  fastest_ = std::max(fastest_, who.returned_);
}

std::size_t shared_run::take_release() noexcept {
  auto due = fastest_;
  if (trimmed_)
    for (const auto& each : readers_)
      if (!each->done())
        due = std::min(due, each->returned_);
  return due > released_ ? due - std::exchange(released_, due) : 0;
}

/// Drops what nobody needs any more.
void shared_run::trim() {
  if (!trimmed_ || telling_ > 0)
    return;
  auto needed = first_segment_ + log_.size();
  for (const auto& each : readers_)
    if (!each->done())
      needed = std::min(needed, each->segment_);
  // The last one may still grow.
  for (; first_segment_ < needed && log_.size() > 1; ++first_segment_) {
    log_bytes_ -= text_bytes(log_.front());
    log_.pop_front();
  }
}

void shared_run::forget_done() {
  if (telling_ == 0)
    std::erase_if(readers_, [](const auto& each) { return each->done(); });
}

std::optional<cached_answer> shared_run::answer() const {
  if (trimmed_ || fell_back_ || !finished_ || finished_->reason != finish_reason::stop)
    return std::nullopt;
  cached_answer all{.model = finished_->model, .usage = finished_->usage, .dropped = dropped_};
  for (const auto& each : log_) {
    if (const auto* text = std::get_if<text_delta>(&each))
      all.text += text->text;
    else if (const auto* reasoning = std::get_if<reasoning_delta>(&each))
      all.reasoning += reasoning->text;
    else if (std::holds_alternative<tool_call_started>(each))
      return std::nullopt;
  }
  if (all.text.empty())
    return std::nullopt; // so short an answer was an accident
  return all;
}

} // namespace ccapi::domain
