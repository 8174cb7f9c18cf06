#include "http/connection.hpp"

#include "http/reply.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

// Reading, the phases and the deadlines. Who is let in is in connection_head.cpp, what goes out in
// connection_output.cpp.

namespace ccapi::http {

namespace {

constexpr std::size_t read_room = 1024;
constexpr std::size_t linger_room = std::size_t{16} << 10;
/// Bytes that a client may send ahead while its answer is in work.
constexpr std::size_t ahead_max = std::size_t{16} << 10;
/// Some hundred microseconds' work.
constexpr std::size_t decoded_at_a_time = std::size_t{64} << 10;
/// What is still read behind a last answer: clients look for it when they have sent their body. In
/// bytes as many as this many of the largest bodies.
constexpr std::size_t linger_bodies_max = 2;
constexpr std::chrono::seconds linger_pause{2};
constexpr std::chrono::seconds linger_time_max{30};

} // namespace

connection::connection(http::stream stream, std::shared_ptr<http::site> home,
                       connection_limit::place place, std::string client_address)
  : stream_{std::move(stream)},
    timer_{stream_.get_executor()},
    site_{std::move(home)},
    place_{std::move(place)},
    body_share_{site_->settings().bodies},
    client_address_{std::move(client_address)} {}

void connection::start() {
  guard([this] {
    if (site_->draining() && !stream_.has_unread_bytes())
      return close();
    stream_.set_no_delay();
    site_->enter(*this);
    set_deadline(deadline::input, clock::now() + site_->limits().header_timeout);
    read_more();
  });
}

void connection::drain() {
  // A request that is in the kernel already gets its refusal.
  if (phase_ == phase::head && !head_begun_ && input_.empty() && !stream_.has_unread_bytes())
    close();
}

void connection::close() {
  if (phase_ == phase::closed)
    return;
  const bool client_waits = phase_ == phase::working || phase_ == phase::decoding;
  phase_ = phase::closed;
  const auto self = shared_from_this();
  abandon_work();
  end_decoding();
  body_share_.release();
  if (client_waits)
    log_answer(499);
  deadlines_.clear();
  timer_.cancel();
  stream_.close();
  site_member::unlink();
  place_.reset();
  self_at_work_.reset();
}

void connection::read_more() {
  if (reading_ || phase_ == phase::closed)
    return;
  const bool works = phase_ == phase::working || phase_ == phase::decoding;
  if (works && input_.size() >= ahead_max)
    return; // resumed when the answer has left
  if (phase_ == phase::body && writing_)
    return; // resumed when "100 Continue" has left
  auto room = phase_ == phase::lingering ? linger_room : read_room;
  if (phase_ == phase::body)
    room = reader_->bytes_wanted();
  const auto space = input_.prepare(room);
  reading_ = true;
  stream_.async_read_some(space,
                          [self = shared_from_this()](const error_code& ec, std::size_t count) {
                            self->guard([&] { self->on_read(ec, count); });
                          });
}

void connection::on_read(const error_code& ec, std::size_t count) {
  reading_ = false;
  if (phase_ == phase::closed)
    return;
  if (ec)
    return on_input_end(ec);
  input_.commit(count);
  switch (phase_) {
  case phase::head:
  case phase::body:
    return advance();
  case phase::decoding:
  case phase::working:
    return read_more();
  case phase::lingering:
    return on_lingered(count);
  case phase::closed:
    return;
  }
}

void connection::on_input_end(const error_code& ec) {
  if (ec == spoke_plain_http()) {
    stream_.drop_tls();
    request_.received = clock::now();
    refuse(plain_http_on_tls_port);
    return read_more();
  }
  // A client that shuts its side down and still waits for a short answer gets it; one that does so
  // during a turn has gone away (that is how HTTP libraries abort).
  const bool answer_is_leaving =
    phase_ == phase::working && writing_ && write_kind_ == write_kind::last;
  if (ec == asio::error::eof && answer_is_leaving)
    keep_alive_ = false;
  else
    close();
}

void connection::advance() {
  bool more = true;
  while (more && (phase_ == phase::head || phase_ == phase::body))
    more = phase_ == phase::head ? advance_head() : advance_body();
  read_more();
}

/// A client that has seen nothing of an answer yet gets one.
void connection::give_up(const char* why) noexcept {
  report(why);
  const bool asked = reader_ || phase_ == phase::decoding || phase_ == phase::working;
  const bool answered = status_ != 0 || writing_;
  abandon_work();
  try {
    end_decoding();
    if (asked && !answered)
      return refuse(internal_failure);
  } catch (...) { // nothing more can be said
  }
  try {
    close();
  } catch (...) { // its socket is closed first
  }
}

/// The client won't take what was worked on for it.
void connection::abandon_work() noexcept {
  const auto work = std::exchange(work_, nullptr);
  try {
    if (work)
      work->on_gone();
  } catch (const std::exception& failure) {
    report(failure.what());
  } catch (...) {
    report("unknown exception");
  }
}

void connection::report(const char* why) const noexcept {
  try {
    site_->log.error("connection failed", {{"request", request_.id}, {"detail", why}});
  } catch (...) { // not even for a line of the log
  }
}

/// True if the phase has changed.
bool connection::advance_head() {
  if (input_.empty())
    return false;
  const auto found = scanner_.scan(input_.view(), site_->limits());
  if (found.problem) {
    request_.received = clock::now();
    if (found.problem == &http_2_preface && requests_ == 0)
      refuse_http_2();
    else
      refuse(*found.problem);
    return true;
  }
  if (found.head_bytes > 0) {
    accept_head(found.head_bytes);
    return true;
  }
  if (!std::exchange(head_begun_, true))
    set_deadline(deadline::input, clock::now() + site_->limits().header_timeout);
  return false;
}

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
    if (!reader_->complete() && input_.size() > site_->limits().header_bytes_max) {
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
  decodes_ = site_->decoding().enter(*this);
  const auto now = clock::now();
  if (decodes_)
    set_deadline(deadline::decode, now);
  else
    set_deadline(deadline::input, now + site_->limits().body_idle_timeout);
}

void connection::on_decoding_turn() {
  decodes_ = true;
  deadlines_.clear(deadline::input);
  set_deadline(deadline::decode, clock::now());
}

/// Between two slices other connections have their turn.
void connection::decode_some() {
  if (!encoded_body_) {
    const auto& limits = site_->limits();
    encoded_body_ = std::make_unique<encoded_body>(
      coding_, request_.body,
      encoded_body::limits{limits.body_bytes_max, limits.body_expansion_max}, body_share_);
  }
  const auto begun = clock::now();
  const auto made = encoded_body_->step(decoded_at_a_time);
  const auto ended = clock::now();
  if (made.more)
    return set_deadline(deadline::decode, ended + site_->decoding().pause_after(ended - begun));
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
    site_->decoding().leave();
}

void connection::hand_over() {
  phase_ = phase::working;
  if (site_->draining())
    keep_alive_ = false;
  // Never more than was charged while it came; an encoded body is gone by now.
  static_cast<void>(body_share_.resize(request_.body.capacity()));
  endpoint_->handle(*this);
}

void connection::linger() {
  phase_ = phase::lingering;
  stream_.shutdown_send(shared_from_this());
  lingered_bytes_ = 0;
  linger_end_ = clock::now() + linger_time_max;
  set_deadline(deadline::input, clock::now() + linger_pause);
  if (!reading_)
    input_.consume(input_.size());
  read_more();
}

void connection::on_lingered(std::size_t count) {
  input_.consume(input_.size());
  lingered_bytes_ += count;
  if (lingered_bytes_ / linger_bodies_max > site_->limits().body_bytes_max)
    return close();
  set_deadline(deadline::input, std::min(clock::now() + linger_pause, linger_end_));
  read_more();
}

void connection::set_deadline(deadline which, clock::time_point when) {
  deadlines_.set(which, when);
  arm_timer();
}

void connection::arm_timer() {
  const auto earliest = deadlines_.earliest();
  if (timer_expiry_ <= earliest)
    return; // fires earlier (or nothing is due): on_timer looks again
  timer_expiry_ = earliest;
  timer_.expires_at(earliest);
  timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec)
      self->guard([&] { self->on_timer(); });
  });
}

void connection::on_timer() {
  timer_expiry_ = deadlines::never;
  if (phase_ == phase::closed)
    return;
  const auto now = clock::now();
  if (deadlines_.take(deadline::output, now)) {
    stream_.reset(); // the kernel shall forget what the client doesn't take
    return close();
  }
  if (deadlines_.take(deadline::input, now)) {
    const bool request_begun = (phase_ == phase::head && head_begun_) || phase_ == phase::body;
    if (waits_for_decoding()) {
      end_decoding();
      refuse(decoding_late);
    } else if (!request_begun || writing_) {
      return close();
    } else {
      request_.received = now;
      refuse(request_timeout);
    }
  }
  if (deadlines_.take(deadline::decode, now))
    decode_some();
  if (deadlines_.take(deadline::wake, now) && work_) {
    const auto work = work_;
    work->on_wake();
  }
  if (phase_ != phase::closed)
    arm_timer();
}

void connection::set_body_deadline(clock::time_point now) {
  const auto& limits = site_->limits();
  auto when = now + limits.body_idle_timeout;
  if (limits.body_rate_min > 0) {
    const std::chrono::milliseconds earned{request_.body.size() * 1000 / limits.body_rate_min};
    when = std::min(when, body_started_ + limits.body_idle_timeout + earned);
  }
  set_deadline(deadline::input, when);
}

} // namespace ccapi::http
