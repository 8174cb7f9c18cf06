#include "http/answers/sse_writer.hpp"

#include "http/answers/reply.hpp"
#include "http/http_shard.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace ccapi::http {

namespace {

using clock = std::chrono::steady_clock;

/// "ffffffff" CRLF: the longest chunk size we write.
constexpr std::size_t chunk_size_room = 10;
/// Room for the first write of most answers: the head, its fields and some deltas.
constexpr std::size_t usual_bytes = 2048;
constexpr std::size_t usual_field_bytes = 512;
/// From here on single deltas are gathered to larger events: each costs 200 bytes around its text.
constexpr std::size_t gather_from = std::size_t{64} << 10;
/// Framing and escapes make more of the payload that the credit allows; beyond this factor the
/// client is treated like one that reads nothing.
constexpr std::size_t pending_factor = 16;

constexpr std::string_view stream_headers = "cache-control: no-cache, no-transform\r\n"
                                            "x-accel-buffering: no\r\n";

} // namespace

sse_writer::sse_writer(exchange& client, chat_plan plan)
  : sse_writer{client, std::move(plan), client.shard().gateway, 1} {}

sse_writer::sse_writer(exchange& client, chat_plan plan, domain::turn_control& turns,
                       std::size_t count)
  : client_{&client},
    control_{&turns},
    plan_{std::move(plan)},
    ping_interval_{client.shard().limits().stream_ping_interval},
    credit_lot_{credit_lot(client.shard().limits().stream_buffer_bytes)},
    pending_max_{client.shard().limits().stream_buffer_bytes * pending_factor * count} {
  if (count > 1)
    others_held_.resize(count, domain::text_delta{});
}

void sse_writer::start(domain::turn_id turn) {
  turn_ = turn;
}

void sse_writer::on_event(domain::event&& what) {
  if (!client_ || ended())
    return;
  try {
    if (gathers(what))
      return;
  } catch (...) {
    return client_->guarded([] { throw; });
  }
  client_->guarded([&] { take(std::move(what)); });
}

void sse_writer::play(domain::event&& what) {
  if (client_ && !ended() && !gathers(what))
    take(std::move(what));
}

void sse_writer::write_played() {
  if (client_)
    try_write();
}

/// Most events are deltas of an answer that has begun, to be written with others: true for those.
bool sse_writer::gathers(domain::event& what) {
  const auto* const text = domain::delta_text(what);
  if (!opened_ || !text || text->empty() || pending_.size() >= gather_from)
    return false;
  trace_.work_begun = true;
  pending_credit_ += text->size();
  plan_.encoder->event(what, pending_);
  return true;
}

void sse_writer::take(domain::event&& what) {
  trace_.note(what);
  if (domain::delta_text(what)) {
    on_delta(std::move(what));
  } else if (std::holds_alternative<domain::tool_call_started>(what)) {
    tell(what);
  } else if (std::holds_alternative<domain::turn_accepted>(what)) {
    client_->note_conversation(trace_.conversation_id);
  } else if (std::holds_alternative<domain::question_sent>(what)) {
    if (!std::exchange(asked_, true))
      client_->wake_at(clock::now() + client_->shard().limits().stream_header_delay);
  } else if (std::holds_alternative<domain::turn_finished>(what)) {
    on_finished(what);
  } else if (std::holds_alternative<domain::turn_failed>(what)) {
    on_failed(what);
  }
}

void sse_writer::select_choice(std::size_t next) {
  std::swap(held_, others_held_[choice_]);
  choice_ = next;
  std::swap(held_, others_held_[choice_]);
  plan_.encoder->select(choice_);
}

void sse_writer::end_choice(const domain::event& end) {
  if (!client_ || ended())
    return;
  if (const auto* finished = std::get_if<domain::turn_finished>(&end))
    client_->note_usage(finished->usage);
  client_->guarded([&] { tell(end); });
}

void sse_writer::on_flush() {
  if (client_)
    client_->guarded([this] { try_write(); });
}

void sse_writer::on_written() {
  writing_ = false;
  owed_credit_ += std::exchange(in_flight_credit_, 0);
  try_write();
  if (owed_credit_ >= credit_lot_ || (owed_credit_ > 0 && !writing_))
    control_->acknowledge(turn_, std::exchange(owed_credit_, 0));
}

void sse_writer::on_wake() {
  if (!client_ || !asked_)
    return;
  const auto now = clock::now();
  if (!opened_) {
    open(trace_.model_ran());
    try_write();
  } else if (!writing_ && now - last_write_ >= ping_interval_) {
    plan_.encoder->ping(pending_);
    try_write();
  }
  client_->wake_at((writing_ ? now : last_write_) + ping_interval_);
}

void sse_writer::on_gone() {
  client_ = nullptr;
  if (!ended())
    control_->cancel(turn_);
}

void sse_writer::on_delta(domain::event&& delta) {
  const auto& text = *domain::delta_text(delta);
  if (text.empty())
    return;
  if (!opened_) {
    open(trace_.model_ran());
    if (gathers(delta))
      return;
  }
  pending_credit_ += text.size();
  if (domain::belong_together(held_, delta)) {
    *domain::delta_text(held_) += text;
  } else {
    encode_held();
    held_ = std::move(delta);
  }
  give_up_when_flooded();
}

void sse_writer::tell(const domain::event& what) {
  open(trace_.model_ran());
  encode_held();
  pending_credit_ += domain::credit_bytes(what);
  plan_.encoder->event(what, pending_);
  give_up_when_flooded();
}

void sse_writer::on_finished(const domain::event& end) {
  const std::string_view ran = std::get<domain::turn_finished>(end).model;
  open(ran.empty() ? trace_.model_ran() : ran);
  client_->note_usage(std::get<domain::turn_finished>(end).usage);
  client_->note_outcome(finished_outcome, ran.empty() ? trace_.model_ran() : ran);
  encode_all_held();
  plan_.encoder->event(end, pending_);
  next_piece_ = stream_piece::last;
  try_write();
}

void sse_writer::on_failed(const domain::event& end) {
  const auto& [failure, used] = std::get<domain::turn_failed>(end);
  next_piece_ = stream_piece::cut;
  client_->note_usage(used);
  client_->note_outcome(to_string(failure.code), trace_.model_ran());
  if (!opened_) {
    auto& client = *std::exchange(client_, nullptr);
    return reply_error(client, failure, trace_.work_begun, trace_.headers()); // may be our end
  }
  report_failure(*client_, failure);
  encode_all_held();
  plan_.encoder->event(end, pending_);
  try_write();
}

void sse_writer::open(std::string_view model) {
  if (opened_)
    return;
  opened_ = true;
  std::string extra;
  extra.reserve(usual_field_bytes);
  extra += stream_headers;
  extra += trace_.headers();
  extra += plan_.headers(model, trace_.dropped());
  head_.reserve(2 * usual_field_bytes);
  chunked_ = client_->begin_stream({.content_type = event_stream_type, .extra = extra}, head_);
  room_ = head_.size() + chunk_size_room;
  pending_.reserve(usual_bytes);
  pending_.assign(room_, '\0');
  plan_.encoder->open(
    {.model = plan_.shown_model(model), .conversation_id = trace_.conversation_id}, pending_);
  last_write_ = clock::now();
}

void sse_writer::encode_held() {
  auto& text = *domain::delta_text(held_);
  if (text.empty())
    return;
  plan_.encoder->event(held_, pending_);
  text.clear();
}

void sse_writer::encode_all_held() {
  encode_held();
  if (others_held_.empty())
    return;
  const auto selected = choice_;
  for (std::size_t each = 0; each < others_held_.size(); ++each)
    if (!domain::delta_text(others_held_[each])->empty()) {
      select_choice(each);
      encode_held();
    }
  select_choice(selected);
}

std::size_t sse_writer::held_bytes() noexcept {
  auto bytes = domain::delta_text(held_)->size();
  for (auto& each : others_held_)
    bytes += domain::delta_text(each)->size();
  return bytes;
}

void sse_writer::try_write() {
  if (writing_ || !opened_)
    return;
  encode_all_held();
  if (!has_pending())
    return;
  // The chunk's size is only known now: it goes into the room before the events, the head before
  // the size.
  auto from = room_;
  if (chunked_) {
    std::array<char, chunk_size_room> size{};
    const auto digits_end =
      std::to_chars(size.data(), size.data() + size.size(), pending_.size() - room_, 16).ptr;
    const auto digits = static_cast<std::size_t>(digits_end - size.data());
    from -= digits + 2;
    std::copy(size.data(), digits_end, pending_.data() + from);
    pending_[room_ - 2] = '\r';
    pending_[room_ - 1] = '\n';
    pending_ += next_piece_ == stream_piece::last ? "\r\n0\r\n\r\n" : "\r\n";
  }
  from -= head_.size();
  std::copy(head_.begin(), head_.end(), pending_.data() + from);
  writing_ = true;
  in_flight_credit_ = std::exchange(pending_credit_, 0);
  last_write_ = clock::now();
  auto& client = *client_;
  if (ended())
    client_ = nullptr; // the exchange ends with this write
  client.write(pending_, from, next_piece_);
  std::string{}.swap(head_);
  room_ = chunk_size_room;
  pending_.assign(room_, '\0');
}

void sse_writer::give_up_when_flooded() {
  if (pending_.size() + held_bytes() <= pending_max_)
    return;
  control_->cancel(turn_);
  on_failed(domain::turn_failed{{.code = domain::error_code::timeout,
                                 .message = "The client reads too slowly for this answer.",
                                 .retry_useful = false}});
}

} // namespace ccapi::http
