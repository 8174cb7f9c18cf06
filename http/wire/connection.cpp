#include "http/wire/connection.hpp"

#include "http/answers/reply.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

// Reading, the phases and the deadlines. Who is let in is in connection_head.cpp, the body in
// connection_body.cpp, what goes out in connection_output.cpp.

namespace ccapi::http {

namespace {

constexpr std::size_t read_room = 1024;
constexpr std::size_t linger_room = std::size_t{16} << 10;
/// Bytes that a client may send ahead while its answer is in work.
constexpr std::size_t ahead_max = std::size_t{16} << 10;
/// After this time more is read than that, and dropped: only by reading the end is seen.
constexpr std::chrono::milliseconds ahead_patience{250};
/// What is still read behind a last answer: clients look for it when they have sent their body. In
/// bytes as many as this many of the largest bodies.
constexpr std::size_t discarded_bodies_max = 2;
constexpr std::chrono::seconds linger_pause{2};
constexpr std::chrono::seconds linger_time_max{30};

} // namespace

connection::connection(http::stream stream, std::shared_ptr<http::http_shard> home,
                       connection_limit::place place, std::string client_address)
  : stream_{std::move(stream)},
    alarm_{stream_.get_executor()},
    shard_{std::move(home)},
    place_{std::move(place)},
    body_share_{shard_->settings().bodies},
    client_address_{std::move(client_address)} {
  request_.dialect = shard_->dialects.*default_dialect;
}

void connection::start() {
  guard([this] {
    if (shard_->draining() && !stream_.has_unread_bytes())
      return close();
    stream_.set_no_delay();
    shard_->enter(*this);
    set_deadline(deadline::input, clock::now() + shard_->limits().header_timeout);
    read_more();
  });
}

void connection::turn_away() {
  guard([this] {
    stream_.set_no_delay();
    shard_->enter(*this);
    request_.received = clock::now();
    refuse(too_many_connections);
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
  if (client_waits && status_ != 0)
    stream_.cut();
  deadlines_.clear();
  stream_.close();
  shard_member::unlink();
  place_.reset();
  self_at_work_.reset();
  alarm_.cancel();
}

void connection::read_more() {
  if (reading_ || phase_ == phase::closed)
    return;
  const bool works = phase_ == phase::working || phase_ == phase::decoding;
  if (works && !drops_ahead_ && input_.size() >= ahead_max) // resumed when the answer has left, or
    return set_deadline(deadline::ahead, clock::now() + ahead_patience);
  if (phase_ == phase::body && writing_)
    return; // resumed when "100 Continue" has left
  auto room = phase_ == phase::lingering ? linger_room : read_room;
  if (phase_ == phase::body)
    room = reader_->bytes_wanted();
  const auto space = input_.prepare(room);
  stream_.async_read_some(space,
                          [self = shared_from_this()](const error_code& ec, std::size_t count) {
                            self->guard([&] { self->on_read(ec, count); });
                          });
  reading_ = true;
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
    return drops_ahead_ ? drop_ahead() : read_more();
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
  if (ec == asio::error::eof && last_bytes_leave())
    keep_alive_ = false;
  else
    close();
}

/// A client that sends so much while its answer is in work gets no other one: what it sends is
/// dropped, so that its end comes into sight.
void connection::drop_ahead() {
  drops_ahead_ = true;
  keep_alive_ = false;
  const auto count = input_.size();
  input_.consume(count);
  if (discards_too_much(count))
    return close();
  read_more();
}

bool connection::discards_too_much(std::size_t count) {
  discarded_bytes_ += count;
  return discarded_bytes_ / discarded_bodies_max > shard_->limits().body_bytes_max;
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
    if (asked && !answered) {
      refuse(internal_failure);
      return settle();
    }
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
    shard_->log.error("connection failed", {{"request", request_.id}, {"detail", why}});
  } catch (...) { // not even for a line of the log
  }
}

/// True if the phase has changed.
bool connection::advance_head() {
  if (input_.empty())
    return false;
  const auto found = scanner_.scan(input_.view(), shard_->limits());
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
    set_deadline(deadline::input, clock::now() + shard_->limits().header_timeout);
  return false;
}

void connection::linger() {
  phase_ = phase::lingering;
  if (answer_cut_)
    stream_.cut();
  stream_.shutdown_send(shared_from_this());
  linger_end_ = clock::now() + linger_time_max;
  set_deadline(deadline::input, clock::now() + linger_pause);
  if (!reading_)
    input_.consume(input_.size());
  read_more();
}

void connection::on_lingered(std::size_t count) {
  input_.consume(input_.size());
  if (discards_too_much(count))
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
  if (alarm_.rings_by(earliest))
    return; // on_timer looks again
  alarm_.set(earliest, [self = shared_from_this()](const error_code& ec) {
    if (!ec)
      self->guard([&] { self->on_timer(); });
  });
}

void connection::on_timer() {
  alarm_.rang();
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
  if (deadlines_.take(deadline::ahead, now)) {
    if (last_bytes_leave())
      read_more(); // it takes them slowly; what it has sent can be answered yet
    else
      drop_ahead();
  }
  if (deadlines_.take(deadline::wake, now) && work_) {
    const auto work = work_;
    work->on_wake();
  }
  if (phase_ != phase::closed)
    arm_timer();
}

} // namespace ccapi::http
