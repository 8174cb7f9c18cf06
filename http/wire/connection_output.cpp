#include "http/wire/connection.hpp"

#include <utility>

// connection: what goes out, and what follows when it has left.

namespace ccapi::http {

namespace {

/// Memory that an idle connection may keep per string.
constexpr std::size_t kept_bytes_max = std::size_t{16} << 10;

template <class Text>
void release_large(Text& text) {
  if (text.capacity() > kept_bytes_max)
    Text{}.swap(text);
  else
    text.clear();
}

} // namespace

void connection::note_answer(unsigned status) {
  status_ = status;
  shard_->count_answer(status, endpoint_);
}

void connection::note_turn(std::string_view model) {
  turn_.emplace().model = model;
}

void connection::note_usage(const domain::usage& used) {
  if (turn_)
    turn_->used += used;
}

void connection::note_outcome(std::string_view outcome, std::string_view model) {
  if (!turn_)
    return;
  turn_->outcome = outcome;
  if (!model.empty())
    turn_->model = model;
}

response_frame connection::frame_for(std::size_t length) const {
  return {.dialect = request_.dialect,
          .length = length,
          .http_10 = http_10_,
          .keep_alive = keep_alive_ && !shard_->draining(),
          .demo = shard_->gateway.current_health().demo,
          .request_id = request_.id,
          .extra = common_fields_,
          .date = shard_->date(),
          .processing = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now()
                                                                              - request_.received)};
}

void connection::reply(const response_head& head, std::string_view body) {
  work_.reset();
  deadlines_.clear(deadline::wake);
  note_answer(head.status);
  keep_alive_ = keep_alive_ && !head.close;
  output_.clear();
  append_response_head(output_, head, frame_for(body.size()));
  if (request_.method != method::head)
    output_ += body;
  output_left_from_ = 0;
  release_large(request_.body);
  body_share_.release();
  start_write(write_kind::last);
}

bool connection::hold_memory(std::size_t bytes) {
  return body_share_.resize(bytes);
}

void connection::work_on(std::shared_ptr<answer> work) {
  work_ = std::move(work);
  self_at_work_ = shared_from_this();
  release_large(request_.body); // it may take minutes
}

void connection::wake_at(std::chrono::steady_clock::time_point when) {
  set_deadline(deadline::wake, when);
}

bool connection::begin_stream(const response_head& head, std::string& out) {
  if (http_10_)
    keep_alive_ = false;
  note_answer(head.status);
  body_share_.release();
  auto frame = frame_for(0);
  frame.end = http_10_ ? body_end::close : body_end::chunked;
  append_response_head(out, head, frame);
  return !http_10_;
}

void connection::write(std::string& bytes, std::size_t from, stream_piece piece) {
  output_.swap(bytes);
  bytes.clear();
  output_left_from_ = from;
  if (piece == stream_piece::cut) {
    answer_cut_ = true;
    keep_alive_ = false;
  }
  start_write(piece == stream_piece::middle ? write_kind::part : write_kind::last);
}

void connection::start_write(write_kind kind) {
  write_kind_ = kind;
  writing_ = true;
  answer_bytes_ += output_.size() - output_left_from_;
  // Nearly always the kernel takes all of it: then there is nothing to wait for.
  output_left_from_ += stream_.write_now(std::string_view{output_}.substr(output_left_from_));
  written_ = output_left_from_ == output_.size();
  if (written_)
    return;
  set_deadline(deadline::output, clock::now() + shard_->limits().write_stall_timeout);
  write_rest();
}

/// What follows a write that was done at once. Behind the step that wrote: whoever called for the
/// write must have returned.
void connection::settle() {
  while (std::exchange(written_, false) && phase_ != phase::closed)
    on_written();
}

void connection::write_rest() {
  stream_.async_write_some(std::string_view{output_}.substr(output_left_from_),
                           [self = shared_from_this()](const error_code& ec, std::size_t count) {
                             self->guard([&] { self->on_write(ec, count); });
                           });
}

void connection::on_write(const error_code& ec, std::size_t count) {
  if (phase_ == phase::closed)
    return;
  if (ec)
    return close();
  output_left_from_ += count;
  if (output_left_from_ < output_.size()) {
    set_deadline(deadline::output, clock::now() + shard_->limits().write_stall_timeout);
    return write_rest();
  }
  on_written();
}

/// All of output_ has left.
void connection::on_written() {
  writing_ = false;
  deadlines_.clear(deadline::output);
  switch (write_kind_) {
  case write_kind::interim:
    answer_bytes_ = 0;
    return read_more();
  case write_kind::part:
    if (const auto work = work_)
      work->on_written();
    return;
  case write_kind::last:
    return on_answered();
  }
}

void connection::on_answered() {
  log_answer(status_);
  work_.reset();
  self_at_work_.reset(); // who called this holds one, too
  deadlines_.clear(deadline::wake);
  deadlines_.clear(deadline::ahead);
  if (!keep_alive_ || shard_->draining())
    return linger();
  for (auto* text : {&output_, &request_.path, &request_.query, &request_.id, &request_.parameter,
                     &conversation_, &common_fields_})
    release_large(*text);
  release_large(request_.body);
  request_.method = method::other;
  request_.caller = {};
  request_.dialect = shard_->dialects.*default_dialect;
  turn_.reset();
  answer_bytes_ = 0;
  status_ = 0;
  endpoint_ = nullptr;
  scanner_ = {};
  head_begun_ = false;
  phase_ = phase::head;
  set_deadline(deadline::input, clock::now() + shard_->limits().keep_alive_timeout);
  if (input_.empty())
    return read_more();
  // The next request is here already. Others have their turn first, and whoever called for the
  // last write returns.
  asio::post(stream_.get_executor(),
             [self = shared_from_this()] { self->guard([&] { self->advance(); }); });
}

void connection::log_answer(unsigned status) const noexcept try {
  const auto& log = shard_->log;
  if (!log.enabled(observe::log_level::info))
    return;
  const auto took =
    std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - request_.received);
  const std::initializer_list<observe::field> of_all{{"method", to_string(request_.method)},
                                                     {"path", request_.path},
                                                     {"status", std::uint64_t{status}},
                                                     {"bytes", std::uint64_t{answer_bytes_}},
                                                     {"cut", answer_cut_},
                                                     {"ms", took},
                                                     {"request", request_.id},
                                                     {"key", request_.caller.name},
                                                     {"client", client_address_},
                                                     {"conversation", conversation_}};
  if (!turn_)
    return log.info("request ended", of_all);
  const auto& used = turn_->used;
  log.info("request ended", of_all,
           {{"model", turn_->model},
            {"profile", request_.caller.profile},
            {"outcome", turn_->outcome},
            {"prompt_tokens", used.prompt_tokens()},
            {"completion_tokens", used.output_tokens},
            {"cost_micro_usd", used.cost_micro_usd}});
} catch (...) { // a line less in the log; what follows an answer matters more
}

} // namespace ccapi::http
