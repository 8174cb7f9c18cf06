#include "http/answers/reply_writer.hpp"

#include "http/answers/reply.hpp"
#include "http/http_shard.hpp"

#include <utility>

namespace ccapi::http {

namespace {

/// Most answers grow beyond this, delta by delta.
constexpr std::size_t usual_bytes = 512;
/// What a call takes beside its texts.
constexpr std::size_t call_bytes = sizeof(domain::tool_use_block);

} // namespace

reply_writer::reply_writer(exchange& client, chat_plan plan)
  : reply_writer{client, std::move(plan), client.shard().gateway} {}

reply_writer::reply_writer(exchange& client, chat_plan plan, domain::turn_control& turns)
  : client_{&client},
    control_{&turns},
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
  if (!text || text->text.empty() || !fits(text->text.size()))
    return false;
  trace_.work_begun = true;
  add(said_.text, std::move(text->text));
  return true;
}

void reply_writer::take(domain::event&& what) {
  trace_.note(what);
  if (auto* text = std::get_if<domain::text_delta>(&what)) {
    take(said_.text, std::move(text->text));
  } else if (auto* reasoning = std::get_if<domain::reasoning_delta>(&what)) {
    take(said_.reasoning, std::move(reasoning->text));
  } else if (auto* call = std::get_if<domain::tool_call_started>(&what)) {
    begin_call(std::move(*call));
  } else if (auto* input = std::get_if<domain::tool_input_delta>(&what)) {
    extend_call(std::move(*input));
  } else if (std::holds_alternative<domain::turn_accepted>(what)) {
    client_->note_conversation(trace_.conversation_id);
  } else if (const auto* finished = std::get_if<domain::turn_finished>(&what)) {
    finish(*finished);
  } else if (const auto* failed = std::get_if<domain::turn_failed>(&what)) {
    fail(failed->failure, failed->usage);
  }
}

void reply_writer::on_flush() {
  if (client_ && owed_credit_ >= credit_lot_)
    client_->guarded([this] { control_->acknowledge(turn_, std::exchange(owed_credit_, 0)); });
}

void reply_writer::on_gone() {
  client_ = nullptr;
  control_->cancel(turn_);
}

void reply_writer::take(std::string& whole, std::string&& delta) {
  if (!fits(delta.size()))
    return give_up();
  add(whole, std::move(delta));
}

void reply_writer::begin_call(domain::tool_call_started&& call) {
  const auto bytes = call.id.size() + call.name.size();
  if (!fits(bytes + call_bytes))
    return give_up();
  said_bytes_ += bytes + call_bytes;
  owed_credit_ += bytes;
  said_.calls.push_back({std::move(call.id), std::move(call.name), {}, {}});
}

void reply_writer::extend_call(domain::tool_input_delta&& input) {
  if (input.index < said_.calls.size())
    take(said_.calls[input.index].arguments, std::move(input.json));
}

bool reply_writer::fits(std::size_t bytes) const noexcept {
  return bytes <= answer_bytes_max_ - said_bytes_;
}

void reply_writer::add(std::string& whole, std::string&& delta) {
  owed_credit_ += delta.size();
  said_bytes_ += delta.size();
  if (whole.empty() && delta.size() >= usual_bytes) {
    whole = std::move(delta);
    return;
  }
  if (whole.empty())
    whole.reserve(usual_bytes);
  whole += delta;
}

void reply_writer::give_up() {
  control_->cancel(turn_);
  fail({.code = domain::error_code::upstream_error,
        .message = "The answer is longer than limits.answer_bytes_max.",
        .retry_useful = false});
}

void reply_writer::finish(const domain::turn_finished& end) {
  const std::string_view ran = end.model.empty() ? trace_.model_ran() : end.model;
  auto headers = trace_.headers() + plan_.headers(ran, trace_.dropped());
  append_cost(headers, end.usage);
  const auto body = plan_.encoder->whole(
    {.model = plan_.shown_model(ran), .conversation_id = std::move(trace_.conversation_id)}, said_,
    end);
  auto& client = *std::exchange(client_, nullptr);
  client.note_usage(end.usage);
  client.note_outcome(finished_outcome, ran);
  reply_json(client, body, headers); // may be our end
}

void reply_writer::fail(const domain::error& failure, const domain::usage& used) {
  auto& client = *std::exchange(client_, nullptr);
  client.note_usage(used);
  client.note_outcome(to_string(failure.code), trace_.model_ran());
  reply_error(client, failure, trace_.work_begun, trace_.headers()); // may be our end
}

} // namespace ccapi::http
