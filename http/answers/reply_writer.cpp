#include "http/answers/reply_writer.hpp"

#include "http/answers/reply.hpp"
#include "http/http_shard.hpp"

#include <utility>

namespace ccapi::http {

namespace {

/// Most answers grow beyond this, delta by delta.
constexpr std::size_t usual_bytes = 512;

} // namespace

reply_writer::reply_writer(exchange& client, chat_plan plan)
  : client_{&client},
    gateway_{&client.shard().gateway},
    plan_{std::move(plan)},
    answer_bytes_max_{client.shard().limits().answer_bytes_max},
    credit_lot_{credit_lot(client.shard().limits().stream_buffer_bytes)} {}

void reply_writer::start(domain::turn_id turn) {
  turn_ = turn;
}

void reply_writer::on_event(domain::event&& what) {
  if (!client_)
    return;
  try {
    if (gathers(what))
      return;
  } catch (...) {
    return client_->guarded([] { throw; });
  }
  client_->guarded([&] { take(std::move(what)); });
}

/// Most events are deltas, and most of these are of no concern to the client yet: true for those.
bool reply_writer::gathers(domain::event& what) {
  auto* const text = std::get_if<domain::text_delta>(&what);
  if (!text || text->text.empty() || !fits(text->text))
    return false;
  trace_.work_begun = true;
  add(text_, std::move(text->text));
  return true;
}

void reply_writer::take(domain::event&& what) {
  trace_.note(what);
  if (auto* text = std::get_if<domain::text_delta>(&what)) {
    take(text_, std::move(text->text));
  } else if (auto* reasoning = std::get_if<domain::reasoning_delta>(&what)) {
    take(reasoning_, std::move(reasoning->text));
  } else if (std::holds_alternative<domain::turn_accepted>(what)) {
    client_->note_conversation(trace_.conversation_id);
  } else if (const auto* finished = std::get_if<domain::turn_finished>(&what)) {
    finish(*finished);
  } else if (const auto* failed = std::get_if<domain::turn_failed>(&what)) {
    fail(failed->failure);
  }
}

void reply_writer::on_flush() {
  if (client_ && owed_credit_ >= credit_lot_)
    client_->guarded([this] { gateway_->acknowledge(turn_, std::exchange(owed_credit_, 0)); });
}

void reply_writer::on_gone() {
  client_ = nullptr;
  gateway_->cancel(turn_);
}

void reply_writer::take(std::string& whole, std::string&& delta) {
  if (!fits(delta)) {
    gateway_->cancel(turn_);
    return fail({.code = domain::error_code::upstream_error,
                 .message = "The answer is longer than limits.answer_bytes_max.",
                 .retry_useful = false});
  }
  add(whole, std::move(delta));
}

bool reply_writer::fits(const std::string& delta) const noexcept {
  return text_.size() + reasoning_.size() + delta.size() <= answer_bytes_max_;
}

void reply_writer::add(std::string& whole, std::string&& delta) {
  owed_credit_ += delta.size();
  if (whole.empty() && delta.size() >= usual_bytes) {
    whole = std::move(delta);
    return;
  }
  if (whole.empty())
    whole.reserve(usual_bytes);
  whole += delta;
}

void reply_writer::finish(const domain::turn_finished& end) {
  const auto& ran = end.model.empty() ? trace_.model_ran : end.model;
  const auto headers = trace_.headers() + plan_.headers(ran, trace_.dropped());
  const auto body = plan_.encoder->whole(
    {.model = plan_.shown_model(ran), .conversation_id = trace_.conversation_id}, text_, reasoning_,
    end);
  auto& client = *std::exchange(client_, nullptr);
  reply_json(client, body, headers); // may be our end
}

void reply_writer::fail(const domain::error& failure) {
  auto& client = *std::exchange(client_, nullptr);
  reply_error(client, failure, trace_.work_begun, trace_.headers()); // may be our end
}

} // namespace ccapi::http
