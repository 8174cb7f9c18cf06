#include "http/wire/connection.hpp"

#include <algorithm>
#include <exception>
#include <utility>

// connection: a request's body, its decoding, and the end of both: the handler.

namespace ccapi::http {

namespace {

/// Some hundred microseconds' work.
constexpr std::size_t decoded_at_a_time = std::size_t{64} << 10;
} // namespace

/// True if the phase has changed.
bool connection::advance_body() {
  if (!reader_->complete()) {
    const auto made = reader_->read_body(input_.view());
    input_.consume(made.consumed);
    if (made.problem) {
      refuse(*made.problem);
      return true;
    }
    // Beast takes chunk sizes and trailers only when they are complete.
    if (!reader_->complete() && input_.size() > shard_->limits().header_bytes_max) {
      refuse(bad_body_framing);
      return true;
    }
  }
  if (!reader_->complete()) {
    set_body_deadline(clock::now());
    return false;
  }
  on_body();
  return true;
}

void connection::on_body() {
  phase_ = phase::decoding;
  deadlines_.clear(deadline::input);
  reader_.reset();
  if (!reading_)
    input_.shrink();
  if (coding_ == content_coding::identity)
    return hand_over();
  decodes_ = shard_->decoding().enter(*this);
  const auto now = clock::now();
  if (decodes_)
    set_deadline(deadline::decode, now);
  else
    set_deadline(deadline::input, now + shard_->limits().body_idle_timeout);
}

bool connection::on_decoding_turn() noexcept {
  const auto self = shared_from_this();
  try {
    deadlines_.clear(deadline::input);
    set_deadline(deadline::decode, clock::now());
    decodes_ = true;
    return true;
  } catch (const std::exception& failure) {
    give_up(failure.what());
  } catch (...) {
    give_up("unknown exception");
  }
  return false;
}

/// Between two slices other connections have their turn.
void connection::decode_some() {
  if (!encoded_body_) {
    const auto& limits = shard_->limits();
    encoded_body_ = std::make_unique<encoded_body>(
      coding_, request_.body,
      encoded_body::limits{limits.body_bytes_max, limits.body_expansion_max}, body_share_);
  }
  const auto begun = clock::now();
  const auto made = encoded_body_->step(decoded_at_a_time);
  const auto ended = clock::now();
  if (made.more)
    return set_deadline(deadline::decode, ended + shard_->decoding().pause_after(ended - begun));
  end_decoding();
  if (made.problem)
    return refuse(*made.problem);
  hand_over();
}

void connection::end_decoding() {
  encoded_body_.reset();
  deadlines_.clear(deadline::decode);
  stop_waiting_for_decoding();
  if (std::exchange(decodes_, false))
    shard_->decoding().leave();
}

void connection::hand_over() {
  phase_ = phase::working;
  if (shard_->draining())
    keep_alive_ = false;
  // Never more than was charged while it came; an encoded body is gone by now.
  static_cast<void>(body_share_.resize(request_.body.capacity()));
  endpoint_->handle(*this);
}

void connection::set_body_deadline(clock::time_point now) {
  const auto& limits = shard_->limits();
  auto when = now + limits.body_idle_timeout;
  if (limits.body_rate_min > 0) {
    const std::chrono::milliseconds earned{request_.body.size() * 1000 / limits.body_rate_min};
    when = std::min(when, body_started_ + limits.body_idle_timeout + earned);
  }
  set_deadline(deadline::input, when);
}

} // namespace ccapi::http
